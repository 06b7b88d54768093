package import Grants

/// One time that never goes back, made of two clocks.
///
/// The wall clock says what an approver meant by 12:00 but can be set; CLOCK_BOOTTIME cannot be
/// set but means nothing outside this boot. The timeline follows whichever is ahead: a wall clock
/// set forward ends grants early, one set back extends nothing, since time then goes on by
/// CLOCK_BOOTTIME from where it was.
package struct Timeline: Hashable, Sendable {
    /// What was true at some point: at `boot` microseconds of CLOCK_BOOTTIME it was `moment`.
    private var moment: Moment
    private var boot: Int64

    package init(wall: Moment, boot: Int64) {
        self.moment = wall
        self.boot = boot
    }

    /// Time cannot be before this: what an earlier run of the agent had already seen.
    ///
    /// - Parameters:
    ///   - floor: the moment that was reached.
    ///   - boot: when, on this boot's clock; `nil` if it was reached before this boot, whose clock
    ///     began at 0 after that.
    package mutating func raise(to floor: Moment, boot: Int64?) {
        let seen = boot ?? 0
        if floor > predicted(at: seen) {
            self.moment = floor
            self.boot = seen
        }
    }

    /// The time, from a reading of both clocks; read the wall clock first.
    ///
    /// A delay between the two readings then makes time later, never earlier than it is.
    package mutating func read(wall: Moment, boot: Int64) -> Moment {
        let now = max(wall, predicted(at: boot))
        moment = now
        self.boot = boot
        return now
    }

    /// When CLOCK_BOOTTIME will show that `target` has come, unless the wall clock is set forward.
    package func boot(at target: Moment) -> Int64 {
        let (sum, overflow) = boot.addingReportingOverflow((target - moment).microseconds)
        guard overflow else { return sum }
        return target < moment ? .min : .max
    }

    private func predicted(at boot: Int64) -> Moment {
        moment + .microseconds(boot - self.boot)
    }
}

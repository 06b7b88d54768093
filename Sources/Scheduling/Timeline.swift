package import Grants

/// The time that grants go by, made of two clocks.
///
/// The wall clock says what an approver meant by 12:00 but can be set; CLOCK_BOOTTIME cannot be set
/// but means nothing outside this boot. Closing goes by the faster of the two, opening by the
/// slower: a wall clock set forward ends grants early and opens none, one set back extends nothing.
/// A step forward that is taken back can be undone (`comeback`).
///
/// In one boot a clock is a constant offset to CLOCK_BOOTTIME until somebody sets it, so that all
/// of this is kept as offsets, in microseconds.
package struct Timeline: Hashable, Sendable {
    /// A step forward: what CLOCK_BOOTTIME predicts from before it, and when it was seen.
    package struct Step: Hashable, Sendable {
        package let offsetBefore: Int64
        package let boot: Int64

        package init(offsetBefore: Int64, boot: Int64) {
            self.offsetBefore = offsetBefore
            self.boot = boot
        }
    }

    /// The offset that the wall clock has had for some time without being set.
    package struct SteadyOffset: Hashable, Sendable {
        package var offset: Int64
        package var since: Int64

        package init(offset: Int64, since: Int64) {
            self.offset = offset
            self.since = since
        }
    }

    /// Differences up to this are no step: a time service makes them all day.
    package static let tolerance: Int64 = 2_000_000
    /// The time that a wall clock must have stood before openings go by it.
    private static let probation: Int64 = 600_000_000
    /// The time within which a step forward can be undone.
    private static let day: Int64 = 86_400_000_000
    private static let stepLimit = 16

    /// CLOCK_BOOTTIME as of the last reading.
    package private(set) var boot: Int64
    /// The offset of the wall clock at the last reading.
    package private(set) var wallOffset: Int64
    /// The offset of the time for closing.
    package private(set) var offset: Int64
    /// The offset of the time for opening, unless the wall clock is behind it.
    package private(set) var openingOffset: Int64
    package private(set) var steadyOffset: SteadyOffset
    /// The moment of the newest bulletin: no undone step leads behind it.
    package private(set) var floor = Moment(microseconds: .min)
    /// The steps forward that time may still go back behind, oldest first.
    package private(set) var steps: [Step] = []

    package init(wall: Moment, boot: Int64) {
        self.boot = boot
        wallOffset = wall.microseconds.less(boot)
        offset = wallOffset
        openingOffset = wallOffset
        steadyOffset = SteadyOffset(offset: wallOffset, since: boot)
    }

    /// The timeline as it was kept.
    package init(
        boot: Int64,
        wallOffset: Int64,
        offset: Int64,
        openingOffset: Int64,
        steadyOffset: SteadyOffset,
        steps: [Step]
    ) {
        self.boot = boot
        self.wallOffset = wallOffset
        self.offset = offset
        self.openingOffset = openingOffset
        self.steadyOffset = steadyOffset
        self.steps = steps.suffix(Self.stepLimit)
    }

    // MARK: readings

    /// Time cannot be before `floor`, which was reached before this boot: that began later, at `reading`
    /// of its clock or before.
    package mutating func raise(to floor: Moment, at reading: Int64 = 0) {
        offset = max(offset, floor.microseconds.less(reading))
    }

    /// The time for closing, from a reading of both clocks; read the wall clock first.
    ///
    /// A delay between the two readings then makes time later, never earlier than it is.
    package mutating func read(wall: Moment, boot: Int64) -> Moment {
        self.boot = boot
        wallOffset = wall.microseconds.less(boot)
        if wallOffset > offset {
            noteStep()
            offset = wallOffset
        }
        watchWallClock()
        return closing
    }

    private mutating func noteStep() {
        guard wallOffset.less(offset) > Self.tolerance else { return }
        steps.removeAll { boot.less($0.boot) > Self.day }
        if steps.count == Self.stepLimit { steps.removeFirst() }
        steps.append(Step(offsetBefore: offset, boot: boot))
    }

    /// Lets openings go by the wall clock once that has stood for ten minutes.
    private mutating func watchWallClock() {
        guard wallOffset.distance(from: steadyOffset.offset) <= Self.tolerance else {
            return steadyOffset = SteadyOffset(offset: wallOffset, since: boot)
        }
        steadyOffset.offset = min(steadyOffset.offset, wallOffset)
        guard boot.less(steadyOffset.since) >= Self.probation else { return }
        openingOffset = steadyOffset.offset
        steadyOffset = SteadyOffset(offset: wallOffset, since: boot)
    }

    // MARK: derived times

    /// The time for closing, as of the last reading.
    package var closing: Moment { Moment(microseconds: boot.more(offset)) }

    /// The time for opening, as of the last reading.
    package var opening: Moment {
        Moment(microseconds: boot.more(min(wallOffset, openingOffset)))
    }

    /// The distance by which the closing time is ahead of the wall clock.
    package var lead: Duration { .microseconds(offset.less(wallOffset)) }

    /// True if time is held: ahead of the wall clock by more than what is no step.
    package var isHeld: Bool { offset.less(wallOffset) > Self.tolerance }

    /// The reading of CLOCK_BOOTTIME at which `target` comes, unless the wall clock is set forward.
    package func boot(at target: Moment) -> Int64 { target.microseconds.less(offset) }

    /// The closing time when the opening time is `target`, unless the wall clock is set.
    package func closing(whenOpening target: Moment) -> Moment {
        let now = target.microseconds.less(openingOffset)
        let later = max(
            target.microseconds.less(steadyOffset.offset),
            steadyOffset.since.more(Self.probation)
        )
        let boot = max(target.microseconds.less(wallOffset), min(now, later))
        return Moment(microseconds: boot.more(offset))
    }

    // MARK: steps that are taken back

    /// The moment to go on from where the wall clock has taken a step forward back; `nil` if it has
    /// not.
    ///
    /// That is so if, within a day, it is back to within 2 seconds of what CLOCK_BOOTTIME predicts
    /// from before the step, or 1 % of the time since. The moment is not before that prediction.
    package var comeback: Moment? {
        guard isHeld else { return nil }
        let step = steps.last { step in
            let passed = boot.less(step.boot)
            return passed <= Self.day
                && wallOffset.distance(from: step.offsetBefore) <= max(Self.tolerance, passed / 100)
        }
        let moment = step.map { Moment(microseconds: boot.more(max($0.offsetBefore, wallOffset))) }
        return moment.flatMap { $0 < floor ? nil : $0 }
    }

    /// Returns true if a step forward explains that time goes back to `moment`, give or take
    /// `slack`.
    package func mayGoBack(to moment: Moment, slack: Duration) -> Bool {
        guard moment + slack >= floor else { return false }
        let slack = slack.microseconds
        let offset = moment.microseconds.less(boot).more(slack)
        return offset >= self.offset
            || steps.contains { step in
                boot.less(step.boot) <= Self.day.more(slack) && offset >= step.offsetBefore
            }
    }

    /// Time goes on from `moment` at `boot`, which is on record.
    package mutating func accept(_ moment: Moment, boot: Int64) {
        offset = moment.microseconds.less(boot)
        openingOffset = min(openingOffset, offset)
        floor = min(floor, moment)
        steps.removeAll { $0.offsetBefore > offset.less(Self.tolerance) }
    }

    /// Notes a moment that has surely been reached: somebody else's clock showed it.
    package mutating func keepAbove(_ moment: Moment) { floor = max(floor, moment) }

    /// Notes an opening: time never goes back behind it, so that it lasts no longer than it may.
    package mutating func confirmSteps() {
        steps = []
    }
}

extension Int64 {
    /// The sum, saturated: records may say anything.
    fileprivate func more(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        guard overflow else { return sum }
        return other < 0 ? .min : .max
    }

    /// The difference, saturated.
    fileprivate func less(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        guard overflow else { return difference }
        return other < 0 ? .max : .min
    }

    fileprivate func distance(from other: Int64) -> Int64 {
        self > other ? less(other) : other.less(self)
    }
}

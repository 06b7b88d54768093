/// The moments at which a host reports its status (docs/PROTOCOL.fleet, section 4).
///
/// A moment is a reading of a clock that is never set, as the time since an arbitrary origin.
package struct ReportCadence: Hashable, Sendable {
    /// The least time between two reports of changes.
    package static let least: Duration = .seconds(10)
    /// The longest pause after failures.
    package static let longestPause: Duration = .seconds(300)
    /// The agent gives all callers the same note for a second, so a change is asked for later.
    private static let settling: Duration = .milliseconds(1_200)

    /// The mean time between two reports without a change.
    package let every: Duration
    /// The moment of the next report.
    package private(set) var due: Duration
    /// Failures since the last report that was taken.
    package private(set) var failures = 0
    private var last: Duration?

    package init(every: Duration, first: Duration) {
        self.every = every
        due = first
    }

    /// The depot took a report.
    package mutating func reported(
        at now: Duration,
        using random: inout some RandomNumberGenerator
    ) {
        (failures, last) = (0, now)
        due = now + Cadence.around(every, using: &random)
    }

    /// Something has changed; what failed before is not tried sooner for that.
    package mutating func changed(at now: Duration) {
        guard failures == 0 else { return }
        let earliest = last.map { $0 + Self.least } ?? now
        due = min(due, max(earliest, now + Self.settling))
    }

    /// There was no report, or the depot did not take it.
    package mutating func failed(
        at now: Duration,
        retryAfter: Duration? = nil,
        using random: inout some RandomNumberGenerator
    ) {
        failures = min(failures + 1, 1 << 20)
        let longest = min(Self.longestPause, .seconds(1 << min(failures, 9)))
        let pause = Cadence.random(upTo: longest, using: &random)
        due = now + max(pause, Cadence.obeyed(retryAfter, using: &random))
    }
}

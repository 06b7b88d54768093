import Grants

/// The pace at which tampering is answered and recorded, whatever another program does.
///
/// The first change is answered at once. Further changes are answered at growing distances, but
/// never later than `longestGap`, which leaves time to wake up and mend within 50 ms, and recorded
/// once a second.
struct RepairBackoff: Sendable {
    private static let shortestGap = Duration.milliseconds(10)
    private static let longestGap = Duration.milliseconds(40)
    /// The quiet after which the next change is answered at once again.
    private static let calm = Duration.seconds(1)
    private static let recordGap = Duration.seconds(1)

    private var answered: Moment?
    private var gap = Duration.zero
    private var recorded: Moment?

    /// The moment at which the next answer is due.
    func due(at now: Moment) -> Moment {
        guard let answered, now - answered < Self.calm, answered <= now else { return now }
        return max(now, answered + gap)
    }

    mutating func answer(at now: Moment) {
        let isCalm = answered.map { now - $0 >= Self.calm || now < $0 } ?? true
        gap = isCalm ? Self.shortestGap : min(Self.longestGap, gap * 2)
        answered = now
    }

    /// The moment at which the next record is due.
    func recordDue(at now: Moment) -> Moment {
        guard let recorded, recorded <= now else { return now }
        return max(now, recorded + Self.recordGap)
    }

    mutating func record(at now: Moment) {
        recorded = now
    }
}

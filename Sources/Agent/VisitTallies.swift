import AgentSettings
import Connections
import Grants

/// The connections and attempts that are not on record yet, and the limits of what may be recorded.
struct VisitTallies {
    /// The pauses, in microseconds, after which a summary tells what has no record of its own.
    private static let (second, minute, hour): (Int64, Int64, Int64) =
        (1_000_000, 60_000_000, 3_600_000_000)

    var denials: DeniedRateLimiter
    var count = DeniedCount()
    var firsts = FirstUses()
    var useRate: RecordRate
    var uses = UnrecordedUses()
    /// Packets under grants that nothing proves to be of a connection.
    var unproved = UnrecordedUses()
    var proofs = UnprovedUses()
    /// Packets that the kernel logged and the agent never saw.
    var lost = 0
    var strangers: Allowance
    /// For connections of grants whose source is on record already.
    var repeats: Allowance
    private var usesDue: Int64?
    private var attemptsDue: Int64?

    init(_ configuration: Configuration, at boot: Int64) {
        denials = DeniedRateLimiter(perSecond: configuration.deniedPerSecond, at: boot)
        useRate = RecordRate(perSecond: 100, at: boot)
        strangers = Allowance(perDay: configuration.strangersPerDay, parts: 4, at: boot)
        repeats = Allowance(perDay: configuration.strangersPerDay, parts: 1, at: boot)
    }

    /// Applies the policy's limits.
    mutating func bound(by configuration: Configuration) {
        denials.perSecond = configuration.deniedPerSecond
        strangers.perDay = configuration.strangersPerDay
        repeats.perDay = configuration.strangersPerDay
    }

    /// The moment of the next work though nobody comes; `nil` if there is none.
    var dueAt: Int64? { [usesDue, attemptsDue, proofs.dueAt].compactMap(\.self).min() }

    /// Returns true if summaries of connections are due, and counts them as made.
    mutating func takeUsesDue(at boot: Int64) -> Bool { Self.take(&usesDue, at: boot) }

    /// Returns true if summaries of attempts are due, and counts them as made.
    mutating func takeAttemptsDue(at boot: Int64) -> Bool { Self.take(&attemptsDue, at: boot) }

    private static func take(_ due: inout Int64?, at boot: Int64) -> Bool {
        guard let known = due, known <= boot else { return false }
        due = nil
        return true
    }

    /// Makes everything due for its summary: soon where there is room for it.
    mutating func schedule(hasRoom: Bool, isWaiting: Bool, at boot: Int64) {
        // A disk that takes nothing may do so again at any time.
        let wait = hasRoom || isWaiting ? Self.minute : Self.hour
        if usesDue == nil, !uses.isEmpty {
            let isSoon = hasRoom && repeats.hasRoom(for: 4096, at: boot)
            usesDue = boot + (isSoon ? Self.second : wait)
        }
        let isPending = denials.isPending || !unproved.isEmpty || lost > 0
        if attemptsDue == nil, isPending { attemptsDue = boot + wait }
    }

    /// Everything gets its summary now.
    mutating func hurry() {
        (usesDue, attemptsDue) = (.min, .min)
    }
}

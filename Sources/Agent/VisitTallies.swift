import Configuration
import Connections
import Grants

/// Who came and who tried and is not on record yet, and how much of that may be.
struct VisitTallies {
    /// How long what has no record of its own waits for a summary.
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

    /// What policy says now.
    mutating func bound(by configuration: Configuration) {
        denials.perSecond = configuration.deniedPerSecond
        strangers.perDay = configuration.strangersPerDay
        repeats.perDay = configuration.strangersPerDay
    }

    /// When there is something to do though nobody comes; `nil` if there is nothing.
    var dueAt: Int64? { [usesDue, attemptsDue, proofs.dueAt].compactMap(\.self).min() }

    /// Whether summaries of connections are due; they are not any more.
    mutating func takeUsesDue(at boot: Int64) -> Bool { Self.take(&usesDue, at: boot) }

    /// Whether summaries of attempts are due; they are not any more.
    mutating func takeAttemptsDue(at boot: Int64) -> Bool { Self.take(&attemptsDue, at: boot) }

    private static func take(_ due: inout Int64?, at boot: Int64) -> Bool {
        guard let known = due, known <= boot else { return false }
        due = nil
        return true
    }

    /// Sees to it that everything gets its summary: soon where there is room for it.
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

package import Grants
import Netfilter

/// The ongoing sessions and their ends.
///
/// The kernel has them with timeouts; they are remembered here too, since a removed table takes its
/// elements with it.
package struct OngoingSessions {
    private(set) var ends: [String: [[UInt8]: ContinuousClock.Instant]] = [:] {
        didSet {
            version += 1
            firstEnd = ends.values.compactMap { $0.values.min() }.min()
        }
    }
    /// A number that changes with each change of the sessions.
    package private(set) var version = 0
    /// The end of the first session to end.
    private(set) var firstEnd: ContinuousClock.Instant?

    mutating func add(_ sessions: [OngoingSession], until end: ContinuousClock.Instant) {
        var ends = ends
        for session in sessions { ends[session.set, default: [:]][session.keyBytes] = end }
        self.ends = ends
    }

    /// Sets the time for which sessions may continue from now; `nil` for none.
    mutating func apply(
        _ change: [OngoingSession: Duration?],
        at now: ContinuousClock.Instant
    ) {
        guard !change.isEmpty else { return }
        var ends = ends
        for (session, left) in change {
            ends[session.set, default: [:]][session.keyBytes] = left.map { now + $0 }
        }
        self.ends = ends
    }

    /// Adopts the sessions that the kernel held before this agent ran.
    mutating func adopt(_ observed: RulesetSnapshot, at now: ContinuousClock.Instant) {
        var ends = ends
        for set in SessionSet.all.map(\.name) {
            for element in observed.elements[set] ?? [] {
                ends[set, default: [:]][element.key] = now + TimeoutSlack.left(of: element)
            }
        }
        self.ends = ends
    }

    mutating func remove(_ keys: [String: [[UInt8]]]) {
        var ends = ends
        for (set, keys) in keys {
            for key in keys { ends[set]?[key] = nil }
        }
        self.ends = ends
    }

    mutating func removeAll() {
        if !ends.isEmpty { ends = [:] }
    }

    func end(of session: OngoingSession) -> ContinuousClock.Instant? {
        ends[session.set]?[session.keyBytes]
    }

    /// Returns whether a session may continue though no new one is admitted.
    package func contains(
        _ session: OngoingSession?,
        at now: ContinuousClock.Instant = .now
    ) -> Bool {
        session.flatMap(end).map { $0 > now } ?? false
    }

    /// The number of sessions.
    package var count: Int { ends.values.reduce(0) { $0 + $1.count } }

    /// All sessions with their remaining time.
    package func all(at now: ContinuousClock.Instant = .now) -> [OngoingSession: Duration] {
        var left: [OngoingSession: Duration] = [:]
        for (key, end) in ends.values.joined() {
            if let session = OngoingSession(key: key) { left[session] = now.duration(to: end) }
        }
        return left
    }

    /// The remaining time of a session, if it may continue.
    package func left(
        of session: OngoingSession,
        at now: ContinuousClock.Instant = .now
    ) -> Duration? {
        end(of: session).map { now.duration(to: $0) }
    }

    /// The sessions whose time is over within `lead`.
    package func over(
        within lead: Duration,
        at now: ContinuousClock.Instant = .now
    ) -> [OngoingSession] {
        guard let first = firstEnd, first <= now + lead else { return [] }
        return ends.values.joined().filter { $0.value <= now + lead }
            .compactMap { OngoingSession(key: $0.key) }
    }

    /// The time until the first session ends.
    package func untilFirstEnd(from now: ContinuousClock.Instant = .now) -> Duration? {
        firstEnd.map { now.duration(to: $0) }
    }

    /// The ports of the sessions.
    package var ports: Set<Port> {
        Set(ends.values.joined().compactMap { OngoingSession(key: $0.key)?.port })
    }

    /// The keys of the matching sessions, by set.
    func keys(where isMeant: (OngoingSession) -> Bool) -> [String: [[UInt8]]] {
        ends.mapValues { $0.keys.filter { OngoingSession(key: $0).map(isMeant) ?? false } }
            .filter { !$0.value.isEmpty }
    }

    /// Adds to a change of the ruleset the time for which sessions may continue; `nil` for none.
    func write(_ sessions: [OngoingSession: Duration?], to change: inout RulesetChange) {
        for (session, left) in sessions {
            let set = session.set
            let isKnown = end(of: session) != nil
            guard let left else {
                if isKnown {
                    change.removed[set, default: []].append(SetElement(key: session.keyBytes))
                }
                continue
            }
            let element = TimeoutSlack.element(session.keyBytes, left: left.milliseconds)
            if isKnown {
                change.refreshed[set, default: []].append(element)
            } else {
                change.added[set, default: []].append(element)
            }
        }
    }
}

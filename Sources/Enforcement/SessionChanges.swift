package import Grants
import Netfilter

/// The ongoing sessions, their ends, and changes of them.
extension Firewall {
    /// The number of sessions that may continue though no new one is admitted.
    package var ongoingCount: Int { sessions.ends.values.reduce(0) { $0 + $1.count } }

    /// A number that changes with each change of the ongoing sessions.
    package var sessionsVersion: Int { sessions.version }

    /// All ongoing sessions with their remaining time.
    package func ongoingSessions() -> [OngoingSession: Duration] {
        let now = ContinuousClock.now
        var left: [OngoingSession: Duration] = [:]
        for (key, end) in sessions.ends.values.joined() {
            if let session = OngoingSession(key: key) { left[session] = now.duration(to: end) }
        }
        return left
    }

    /// The remaining time of a session, if it may continue.
    package func left(of session: OngoingSession) -> Duration? {
        sessions.end(of: session).map { ContinuousClock.now.duration(to: $0) }
    }

    /// The sessions whose time is over within `lead`.
    package func endedSessions(within lead: Duration) -> [OngoingSession] {
        let now = ContinuousClock.now + lead
        guard let first = sessions.firstEnd, first <= now else { return [] }
        return sessions.ends.values.joined().filter { $0.value <= now }
            .compactMap { OngoingSession(key: $0.key) }
    }

    /// The time until the first session ends.
    package var firstSessionEnd: Duration? {
        sessions.firstEnd.map { ContinuousClock.now.duration(to: $0) }
    }

    /// The ports of the ongoing sessions.
    package var ongoingPorts: Set<Port> {
        Set(sessions.ends.values.joined().compactMap { OngoingSession(key: $0.key)?.port })
    }

    /// Stores a change for the next `reconcile`: the time for which each session may continue,
    /// `nil` for none.
    package mutating func remember(_ change: [OngoingSession: Duration?]) {
        sessions.apply(change, at: .now)
    }

    /// Adds the change to a plan.
    func write(_ change: [OngoingSession: Duration?], to plan: inout RulesetChange) {
        for (session, left) in change {
            let set = SessionSet(family: session.peer.family).name
            guard let left else {
                if sessions.end(of: session) != nil {
                    plan.removed[set, default: []].append(SetElement(key: session.keyBytes))
                }
                continue
            }
            let element = TimeoutSlack.element(session.keyBytes, left: left.milliseconds)
            if sessions.end(of: session) != nil {
                plan.refreshed[set, default: []].append(element)
            } else {
                plan.added[set, default: []].append(element)
            }
        }
    }
}

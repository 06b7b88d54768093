import Grants
import Netfilter

/// The end of sessions before their time.
extension Firewall {
    /// The time, in milliseconds, for which the ends of an ended session are reset.
    private static let lastWords: Int64 = 60_000

    /// Stores a change for the next `reconcile`: the time for which each session may continue,
    /// `nil` for none.
    package mutating func remember(_ change: [OngoingSession: Duration?]) {
        sessions.apply(change, at: .now)
    }

    /// Removes the matching sessions, which may no longer continue.
    package mutating func forget(where isMeant: (OngoingSession) -> Bool) throws(GateError) {
        let keys = sessions.keys(where: isMeant)
        guard !keys.isEmpty else { return }
        var change = RulesetChange()
        change.removed = keys.mapValues { $0.map { SetElement(key: $0) } }
        try table.commit(change, "end sessions", onlyAt: nil)
        sessions.remove(keys)
    }

    /// Resets each end of these sessions when it next sends, for a while from now on.
    package mutating func reset(_ sessions: [OngoingSession]) throws(GateError) {
        guard !sessions.isEmpty, shape != nil else { return }
        var change = RulesetChange()
        for session in sessions {
            let element = TimeoutSlack.element(session.keyBytes, left: Self.lastWords)
            let set = EndedSessionSet(family: session.peer.family).name
            change.added[set, default: []].append(element)
        }
        try table.commit(change, "reset sessions", onlyAt: nil)
    }
}

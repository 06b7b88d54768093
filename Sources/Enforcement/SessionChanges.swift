package import Grants
import Netfilter

/// Which sessions may go on, until when, and the change of that.
extension KernelGate {
    /// How many sessions may go on though nothing lets new ones in.
    package var ongoingCount: Int { sessions.ends.values.reduce(0) { $0 + $1.count } }

    /// Another number each time that these are others.
    package var sessionsVersion: Int { sessions.version }

    /// All of them, and how long each still may.
    package func ongoingSessions() -> [OngoingSession: Duration] {
        let now = ContinuousClock.now
        var left: [OngoingSession: Duration] = [:]
        for (key, end) in sessions.ends.values.joined() {
            if let session = OngoingSession(key: key) { left[session] = now.duration(to: end) }
        }
        return left
    }

    /// How long a session still may go on, if it may.
    package func left(of session: OngoingSession) -> Duration? {
        sessions.end(of: session).map { ContinuousClock.now.duration(to: $0) }
    }

    /// Those whose time is over, or is so soon.
    package func endedSessions(within lead: Duration) -> [OngoingSession] {
        let now = ContinuousClock.now + lead
        guard let first = sessions.firstEnd, first <= now else { return [] }
        return sessions.ends.values.joined().filter { $0.value <= now }
            .compactMap { OngoingSession(key: $0.key) }
    }

    /// How long it is until the first of them ends.
    package var firstSessionEnd: Duration? {
        sessions.firstEnd.map { ContinuousClock.now.duration(to: $0) }
    }

    /// The ports that they came in by.
    package var ongoingPorts: Set<Port> {
        Set(sessions.ends.values.joined().compactMap { OngoingSession(key: $0.key)?.port })
    }

    /// Takes a change to be put into the kernel by the next `reconcile`: how long each session may go
    /// on, `nil` for not at all.
    package mutating func remember(_ change: [OngoingSession: Duration?]) {
        sessions.apply(change, at: .now)
    }

    /// What it takes to tell the kernel.
    func write(_ change: [OngoingSession: Duration?], to plan: inout Plan) {
        for (session, left) in change {
            let set = SessionSet(family: session.peer.family).name
            guard let left else {
                if sessions.end(of: session) != nil {
                    plan.removed[set, default: []].append(SetElement(key: session.keyBytes))
                }
                continue
            }
            let element = Margin.element(session.keyBytes, left: left.milliseconds)
            if sessions.end(of: session) != nil {
                plan.refreshed[set, default: []].append(element)
            } else {
                plan.added[set, default: []].append(element)
            }
        }
    }
}

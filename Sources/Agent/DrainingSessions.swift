import Enforcement
import Grants

/// The sessions that drain, by the grants that let them in, and the changes to make for them.
struct DrainingSessions {
    /// The most sessions that may go on at once, whatever lets them.
    static let limit = 4096

    private var sessions: [GrantID: Set<OngoingSession>] = [:]
    /// The number of sessions of each grant that reached their limit before the grant did.
    private var lapsed: [GrantID: Int] = [:]
    /// Grants whose sessions all ended by themselves.
    private var finished: Set<GrantID> = []
    /// The number of sessions of each grant that found no room.
    private var leftOut: [GrantID: Int] = [:]
    /// New ends of sessions for the next change of the gate; `nil` takes a session out of it.
    var changes: [OngoingSession: Moment?] = [:]
    /// The state of the gate's sessions that the sockets are watched for.
    var watched: Int?

    /// The sessions of a grant that drain.
    subscript(id: GrantID) -> Set<OngoingSession> { sessions[id] ?? [] }

    mutating func begin(_ id: GrantID, _ some: Set<OngoingSession>, leavingOut count: Int = 0) {
        sessions[id] = some
        leftOut[id] = count == 0 ? nil : count
    }

    /// Takes the number of a grant's sessions that found no room; `nil` if all found some.
    mutating func takeLeftOut(_ id: GrantID) -> Int? { leftOut.removeValue(forKey: id) }

    /// Ends that a grant drains: returns the sessions that no other grant lets drain.
    mutating func end(_ id: GrantID) -> Set<OngoingSession> {
        guard let own = sessions.removeValue(forKey: id) else { return [] }
        lapsed[id, default: 0] += own.count
        return sessions.values.reduce(own) { $0.subtracting($1) }
    }

    /// Takes the outcome of a grant that drained: if all its sessions ended by themselves, and the
    /// number that did not.
    mutating func takeOutcome(_ id: GrantID) -> (isFinished: Bool, remaining: Int) {
        let count = lapsed.removeValue(forKey: id) ?? 0
        return (finished.remove(id) != nil, count)
    }

    /// A session has ended by itself: returns the grants that have none left.
    mutating func remove(_ session: OngoingSession) -> [GrantID] {
        let owners = sessions.keys.filter { sessions[$0]?.contains(session) == true }
        for id in owners { sessions[id]?.remove(session) }
        return owners.filter { isDone($0) }
    }

    /// Notes of a grant that its sessions ended by themselves, if none is left.
    mutating func isDone(_ id: GrantID) -> Bool {
        guard sessions[id]?.isEmpty == true, lapsed[id] == nil else { return false }
        finished.insert(id)
        return true
    }

    /// A session has reached its limit.
    mutating func lapse(_ session: OngoingSession) {
        for id in sessions.keys where sessions[id]?.remove(session) != nil {
            lapsed[id, default: 0] += 1
        }
    }

    /// Returns true if a grant lets a session drain.
    func contains(_ session: OngoingSession) -> Bool {
        sessions.values.contains { $0.contains(session) }
    }
}

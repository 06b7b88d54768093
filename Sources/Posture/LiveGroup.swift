import Depot
import Grants

/// The hosts of a group, and the rules that most of them have.
struct LiveGroup: Sendable {
    private(set) var members: Set<ShelfName> = []
    private var counts: [HostRules: Int] = [:]
    /// The rules that more hosts in order have than any other; `nil` if none has.
    private(set) var usual: HostRules?

    var isEmpty: Bool { members.isEmpty }

    mutating func add(_ posture: HostPosture) {
        members.insert(posture.host)
        count(posture, 1)
    }

    mutating func remove(_ posture: HostPosture) {
        members.remove(posture.host)
        count(posture, -1)
    }

    private mutating func count(_ posture: HostPosture, _ step: Int) {
        guard let rules = posture.rulesInOrder else { return }
        let count = (counts[rules] ?? 0) + step
        counts[rules] = count > 0 ? count : nil
        usual = HostRules.usual(counts)
    }

    /// The posture of a host beside the others.
    func compared(_ posture: HostPosture) -> HostPosture {
        usual.map(posture.compared) ?? posture
    }
}

/// The moments at which hosts would be silent, the earliest first.
struct AlarmHeap: Sendable {
    private var alarms: [(at: Moment, host: ShelfName)] = []

    var next: Moment? { alarms.first?.at }

    mutating func push(_ moment: Moment, _ host: ShelfName) {
        alarms.append((moment, host))
        var child = alarms.count - 1
        while child > 0, alarms[child].at < alarms[(child - 1) / 2].at {
            alarms.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the first alarm out if it is due.
    mutating func pop(dueAt now: Moment) -> ShelfName? {
        guard let first = alarms.first, first.at <= now else { return nil }
        let last = alarms.removeLast()
        guard !alarms.isEmpty else { return first.host }
        alarms[0] = last
        sink()
        return first.host
    }

    private mutating func sink() {
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < alarms.count }
            guard let least = children.min(by: { alarms[$0].at < alarms[$1].at }),
                alarms[least].at < alarms[parent].at
            else { return }
            alarms.swapAt(parent, least)
            parent = least
        }
    }
}

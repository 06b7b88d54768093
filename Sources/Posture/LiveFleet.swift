import Attestation
package import Depot
package import Grants

/// The hosts of a fleet, kept up to date change by change.
///
/// Work is in proportion to the change: a status touches its host, and its group only if the rules that most of
/// it have are others now. Silence needs no look around: `nextAlarm` is when the next host would be silent.
package struct LiveFleet: Sendable {
    /// A host whose state is another than before.
    package struct Change: Hashable, Sendable {
        package let host: ShelfName
        /// `nil` if the host was not there.
        package let from: HostPosture.State?
        /// `nil` if it is not there any more.
        package let to: HostPosture.State?
    }

    /// A host and all that is known of it.
    struct Member: Sendable {
        var entry: Inventory.Entry
        var note: ReadNote
        var witness: WitnessView?
        /// The posture before it is compared with others.
        var posture: HostPosture
        /// The state that was last reported as a change.
        var shown: HostPosture.State?
        /// True if an alarm for it is set.
        var hasAlarm = false
    }

    package let silentAfter: Duration
    private(set) var members: [ShelfName: Member] = [:]
    private var listed: Set<ShelfName> = []
    private var groups: [String: LiveGroup] = [:]
    private var alarms = AlarmHeap()

    package init(silentAfter: Duration) {
        self.silentAfter = silentAfter
    }

    /// The moment of the next `advance`; `nil` if nothing can become silent.
    package var nextAlarm: Moment? { alarms.next }

    package var count: Int { members.count }

    /// The number of hosts that have a status and are not in the inventory.
    package var strangers: Int { members.count - listed.count }

    /// Returns the inventory's entry of a host.
    package func entry(of host: ShelfName) -> Inventory.Entry? {
        listed.contains(host) ? members[host]?.entry : nil
    }

    /// Returns what was read of a host.
    package func note(of host: ShelfName) -> ReadNote { members[host]?.note ?? .none }

    package func witness(of host: ShelfName) -> WitnessView? { members[host]?.witness }

    /// Returns the state of a host as of the last change.
    package func state(of host: ShelfName) -> HostPosture.State? { members[host]?.shown }
}

// MARK: changes

extension LiveFleet {
    /// Takes the entries of an inventory, all of them.
    ///
    /// The note of a host whose entry is another now has to be read once more: `unread` has those hosts.
    package mutating func apply(
        _ entries: [Inventory.Entry],
        at now: Moment
    ) -> (changes: [Change], unread: [ShelfName]) {
        var (changes, unread): ([Change], [ShelfName]) = ([], [])
        let names = Set(entries.map(\.host))
        for host in listed.subtracting(names).sorted(by: { $0.description < $1.description }) {
            listed.remove(host)
            changes += replace(host, by: .stranger(host), at: now, &unread)
        }
        for entry in entries {
            listed.insert(entry.host)
            changes += replace(entry.host, by: entry, at: now, &unread)
        }
        return (changes, unread)
    }

    private mutating func replace(
        _ host: ShelfName,
        by entry: Inventory.Entry,
        at now: Moment,
        _ unread: inout [ShelfName]
    ) -> [Change] {
        let old = members[host]
        guard old?.entry != entry || !listed.contains(host) else { return [] }
        let note = old?.note ?? .none
        guard listed.contains(host) || note.isThere else { return remove(host) }
        if note.isThere, old?.entry.kind != entry.kind { unread.append(host) }
        return set(host, entry, note, old?.witness, at: now)
    }

    /// Takes a note of a host that was read, with the memory of the witness.
    package mutating func read(
        _ note: ReadNote,
        _ witness: WitnessView?,
        of host: ShelfName,
        at now: Moment
    ) -> [Change] {
        let entry = members[host]?.entry ?? .stranger(host)
        guard note.isThere || listed.contains(host) else { return remove(host) }
        return set(host, entry, note, witness, at: now)
    }

    /// Lets time pass: hosts whose last status is too old by now are silent.
    package mutating func advance(to now: Moment) -> [Change] {
        var changes: [Change] = []
        while let host = alarms.pop(dueAt: now) {
            guard var member = members[host] else { continue }
            member.hasAlarm = false
            members[host] = member
            changes += set(host, member.entry, member.note, member.witness, at: now)
        }
        return changes
    }

    private mutating func set(
        _ host: ShelfName,
        _ entry: Inventory.Entry,
        _ note: ReadNote,
        _ witness: WitnessView?,
        at now: Moment
    ) -> [Change] {
        let posture = HostPosture(of: entry, note, witness, now: now, silentAfter: silentAfter)
        let old = members[host]
        members[host] = Member(
            entry: entry,
            note: note,
            witness: witness,
            posture: posture,
            shown: old?.shown,
            hasAlarm: old?.hasAlarm ?? false
        )
        setAlarm(of: host)
        return regroup(host, from: old?.posture, to: posture)
    }

    private mutating func remove(_ host: ShelfName) -> [Change] {
        guard let old = members.removeValue(forKey: host) else { return [] }
        let gone = Change(host: host, from: old.shown, to: nil)
        return regroup(host, from: old.posture, to: nil) + [gone]
    }

    /// Sets an alarm for the moment at which a host that was heard would be silent.
    private mutating func setAlarm(of host: ShelfName) {
        guard let member = members[host], !member.hasAlarm, let age = member.posture.age,
            member.posture.state != .silent, let seen = member.seen, age <= silentAfter
        else { return }
        alarms.push(seen + silentAfter + .microseconds(1), host)
        members[host]?.hasAlarm = true
    }

    /// Moves a host to its group; returns the changes of state of it, and of others if the usual rules changed.
    private mutating func regroup(
        _ host: ShelfName,
        from old: HostPosture?,
        to new: HostPosture?
    ) -> [Change] {
        var touched: Set<ShelfName> = new == nil ? [] : [host]
        let isSame = old?.group == new?.group && old?.rulesInOrder == new?.rulesInOrder
        for (posture, isNew) in [(old, false), (new, true)] where !isSame || old == nil {
            guard let posture else { continue }
            var group = groups[posture.group] ?? LiveGroup()
            let usual = group.usual
            if isNew { group.add(posture) } else { group.remove(posture) }
            if group.usual != usual { touched.formUnion(group.members) }
            groups[posture.group] = group.isEmpty ? nil : group
        }
        return touched.sorted { $0.description < $1.description }.compactMap { refresh($0) }
    }

    private mutating func refresh(_ host: ShelfName) -> Change? {
        guard let member = members[host] else { return nil }
        let state = compared(member).state
        guard state != member.shown else { return nil }
        members[host]?.shown = state
        return Change(host: host, from: member.shown, to: state)
    }
}

// MARK: looking

extension LiveFleet {
    /// The postures of all hosts by name, compared with each other.
    package func hosts(at now: Moment) -> [HostPosture] {
        members.values.map { posture(of: $0, at: now) }
            .sorted { $0.host.description < $1.host.description }
    }

    /// The posture of a host.
    package func host(_ name: ShelfName, at now: Moment) -> HostPosture? {
        members[name].map { posture(of: $0, at: now) }
    }

    private func posture(of member: Member, at now: Moment) -> HostPosture {
        var posture = compared(member)
        if posture.age != nil, let seen = member.seen { posture.age = now - seen }
        return posture
    }

    private func compared(_ member: Member) -> HostPosture {
        groups[member.posture.group]?.compared(member.posture) ?? member.posture
    }
}

extension LiveFleet.Member {
    /// The moment at which the note was read.
    fileprivate var seen: Moment? {
        guard case .verified(let status, _) = note else { return nil }
        return witness?.newest?.seen ?? status.instant.time
    }
}

extension Inventory.Entry {
    /// The entry of a host that has a status and is in no inventory.
    fileprivate static func stranger(_ host: ShelfName) -> Self {
        Self(host: host, kind: .unconfigured, group: "")
    }
}

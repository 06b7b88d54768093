import Admission
import Auditing
import Configuration
import Connections
import Enforcement
import Grants
import Linux
import Netfilter
import Recording
import Scheduling

/// A record that is made if there is room for it.
struct OfferedRecord {
    let entry: AuditEntry
    /// Has it told of later, if it is not made.
    let undo: (inout VisitTallies) -> Void
}

/// Who tried, and how much of who came and who tried is recorded.
extension Gatekeeper {
    /// So many records a minute speak for connections that have none of their own.
    private static let groupsAtOnce = 8
    /// A record of a stranger takes less.
    private static let recordSize = 1024

    /// Begins to hear who comes and who tries, once no other program does.
    func listenForPackets() {
        visitors.listen(on: executor) { self.assumeIsolated { $0.packetsCame() } }
    }

    /// The log of packets has something to say.
    func packetsCame() {
        let before = visitors.tallies.dueAt ?? .max
        takePackets()
        let isSooner = visitors.tallies.dueAt.map { $0 < before } ?? false
        trail.isWaiting || isSooner ? settle() : report()
    }

    /// When there is something to say of packets though none come, or a repair was put off until.
    func upkeepDue(after now: Moment) -> Moment? {
        let visits = visitors.tallies.dueAt.map {
            now + .microseconds($0 - lastReading.bootMicroseconds)
        }
        return [visits, defence?.due(at: now)].compactMap(\.self).min()
    }

    /// Records what the log of packets says: what must be recorded in one append, the rest in another.
    ///
    /// Before grants end, so that whoever came under one is told of with it.
    func takePackets() {
        let logged = visitors.takePackets()
        let reading = ClockReading.now()
        guard !logged.isEmpty || visitors.isDue(at: reading.bootMicroseconds) else { return }
        visitors.tallies.bound(by: rulebook.configuration)
        visitors.tallies.lost += logged.missed
        let protected = rulebook.configuration.policy.ports
        let packets = logged.packets.map { $0.atPortLookedUp { protected[$0] != nil } }
        var room = strangersRoom()
        let (firsts, others) = recordsOfUses(in: packets, &room, at: reading)
        let attempts = recordsOfAttempts(in: packets, &room, at: reading)
        let offered = others + attempts + summaries(&room, at: reading)
        if !firsts.isEmpty { trail.note(firsts, at: reading) }
        if !trail.offer(offered.map(\.entry), at: reading) {
            for record in offered { record.undo(&visitors.tallies) }
        }
        visitors.tallies.schedule(
            hasRoom: room.extent == .allowance,
            isWaiting: trail.isWaiting,
            at: reading.bootMicroseconds
        )
    }

    /// The agent stops: nobody will tell later of what is not on record now.
    func noteLeftOut() {
        visitors.tallies.hurry()
        takePackets()
    }

    /// What the disk of the log has for strangers; where that is not to be known they are brief.
    private func strangersRoom() -> StrangersRoom {
        let configuration = rulebook.configuration
        guard !trail.isWaiting, let disk = try? DiskRoom.read(configuration.auditDirectory) else {
            return .none
        }
        return StrangersRoom(free: disk.bytes, of: disk.total, keeping: configuration.keepFree)
    }

    /// That strangers leave less on record than their allowance has room for.
    var diskWarning: String? {
        guard !trail.isWaiting, strangersRoom().extent != .allowance else { return nil }
        let directory = rulebook.configuration.auditDirectory
        return "the disk of \(directory) has less than audit.keep_free left: denied packets get a"
            + " summary an hour, and none at half of that; make room"
    }

    // MARK: who tried

    private func recordsOfAttempts(
        in packets: [LoggedPacket],
        _ room: inout StrangersRoom,
        at reading: ClockReading
    ) -> [OfferedRecord] {
        let denied = packets.filter { $0.prefix == GateNames.deniedPrefix }
        guard !denied.isEmpty else { return [] }
        let now = reading.bootMicroseconds
        let count = takeDeniedCount() ?? denied.count
        guard room.extent == .allowance, room.bytes >= Self.recordSize,
            visitors.tallies.strangers.hasRoom(for: Self.recordSize, at: now)
        else {
            visitors.tallies.denials.leaveOut(denied, of: count)
            return []
        }
        var records: [OfferedRecord] = []
        for denial in visitors.tallies.denials.take(denied, of: count, at: now) {
            let entry = AuditEntry.denied(denial, isDropped: isDropping)
            let size = trail.size(of: entry, at: reading)
            let source = denial.packet.source
            if visitors.tallies.strangers.take(size, for: source, at: now), room.take(size) {
                records.append(OfferedRecord(entry: entry) { $0.denials.leaveOut(denial) })
            } else {
                visitors.tallies.denials.leaveOut(denial)
            }
        }
        return records
    }

    private var isDropping: Bool { rulebook.configuration.policy.mode == .enforce }

    /// How many packets the kernel denied since the last call; `nil` where it does not say.
    ///
    /// Asked once a second at most unless `always`: what is not counted now is so the next time.
    @discardableResult
    func takeDeniedCount(always: Bool = false) -> Int? {
        let now = ClockReading.now().bootMicroseconds
        guard always || visitors.tallies.count.isDue(at: now) else { return 0 }
        guard isInstalled, let total = try? gate.deniedTraffic().packets else { return nil }
        return visitors.tallies.count.growth(to: total, at: now)
    }

    // MARK: what has no record of its own

    private func summaries(
        _ room: inout StrangersRoom,
        at reading: ClockReading
    ) -> [OfferedRecord] {
        let now = reading.bootMicroseconds
        let areUsesDue = visitors.tallies.takeUsesDue(at: now)
        let areAttemptsDue = visitors.tallies.takeAttemptsDue(at: now)
        guard room.extent != .none else { return [] }
        var records: [OfferedRecord] = []
        if areUsesDue {
            for group in visitors.tallies.uses.take(atMost: Self.groupsAtOnce) {
                let entry = recordOfUses(group)
                visitors.tallies.repeats.spend(trail.size(of: entry, at: reading), at: now)
                records.append(OfferedRecord(entry: entry) { $0.uses.add(group) })
            }
        }
        if areAttemptsDue {
            let attempts = summariesOfAttempts()
            for record in attempts {
                let size = trail.size(of: record.entry, at: reading)
                visitors.tallies.strangers.spend(size, at: now)
            }
            records += attempts
        }
        return records
    }

    private func summariesOfAttempts() -> [OfferedRecord] {
        var records: [OfferedRecord] = []
        let count = takeDeniedCount(always: true) ?? 0
        if let summary = visitors.tallies.denials.summary(counting: count) {
            let entry = AuditEntry.summary(of: summary, isDropped: isDropping)
            records.append(OfferedRecord(entry: entry) { $0.denials.leaveOut(summary) })
        }
        for group in visitors.tallies.unproved.take(atMost: Self.groupsAtOnce) {
            let entry = AuditEntry.unproved(group, by: facts(of: group.last))
            records.append(OfferedRecord(entry: entry) { $0.unproved.add(group) })
        }
        let lost = visitors.tallies.lost
        if lost > 0 { records.append(OfferedRecord(entry: .lost(lost)) { $0.lost += lost }) }
        visitors.tallies.lost = 0
        return records
    }
}

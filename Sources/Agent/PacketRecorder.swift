import Admission
import Auditing
import Conditions
import AgentSettings
import Connections
import Enforcement
import Grants
import Linux
import Netfilter
import Recording

/// A record that is made if there is room for it.
struct OfferedRecord {
    let entry: AuditEntry
    /// Has it counted for a later record, if it is not made.
    let undo: (inout VisitTallies) -> Void
}

/// Records connections and attempts, and counts those that there is no room to record.
final class PacketRecorder {
    /// The records a minute that speak for connections without a record of their own.
    private static let groupsAtOnce = 8
    /// A record of a stranger takes less.
    private static let recordSize = 1024

    private let monitor: ConnectionMonitor
    private let uses: UseRecorder
    private let firewall: FirewallWriter
    private let policy: PolicyManager
    private let audit: AuditWriter

    init(
        _ monitor: ConnectionMonitor,
        _ uses: UseRecorder,
        _ firewall: FirewallWriter,
        _ policy: PolicyManager,
        _ audit: AuditWriter
    ) {
        self.monitor = monitor
        self.uses = uses
        self.firewall = firewall
        self.policy = policy
        self.audit = audit
    }

    /// Takes new packets of the log; returns whether that changes when something is due.
    func packetsCame() -> Bool {
        let before = monitor.tallies.dueAt ?? .max
        takePackets()
        return audit.isWaiting || monitor.tallies.dueAt.map { $0 < before } ?? false
    }

    /// The moment at which packets must be told of though none come.
    func due(at now: Now) -> Moment? {
        monitor.tallies.dueAt.map {
            now.closing + .microseconds($0 - now.reading.bootMicroseconds)
        }
    }

    /// The records that packets call for.
    struct News {
        let reading: ClockReading
        /// The first uses of grants, which must be on record.
        var firsts: [AuditEntry] = []
        /// The records for which there may be room.
        var others: [OfferedRecord] = []
        /// The room on disk for records of strangers.
        var extent = StrangersRoom.Extent.none
    }

    /// Records the logged packets.
    func takePackets() {
        if let news = collect() { record(news) }
    }

    /// Collects the records of logged packets, without writing them; `nil` if there are none.
    ///
    /// To be called before grants end, since packets are told by their grants, and `record` before the
    /// ends are on record.
    func collect() -> News? {
        let logged = monitor.takePackets()
        let reading = ClockReading.now()
        guard !logged.isEmpty || monitor.isDue(at: reading.bootMicroseconds) else { return nil }
        monitor.tallies.bound(by: policy.configuration)
        monitor.tallies.lost += logged.missed
        let protected = policy.policy.ports
        let packets = logged.packets.map { $0.atPortLookedUp { protected[$0] != nil } }
        var room = strangersRoom()
        let (firsts, others) = uses.records(in: packets, &room, at: reading)
        let attempts = recordsOfAttempts(in: packets, &room, at: reading)
        let offered = others + attempts + summaries(&room, at: reading)
        return News(reading: reading, firsts: firsts, others: offered, extent: room.extent)
    }

    /// Writes the records that must be made in one append, the rest in another.
    func record(_ news: News) {
        if !news.firsts.isEmpty { audit.note(news.firsts, at: news.reading) }
        if !audit.offer(news.others.map(\.entry), at: news.reading) {
            for record in news.others { record.undo(&monitor.tallies) }
        }
        monitor.tallies.schedule(
            hasRoom: news.extent == .allowance,
            isWaiting: audit.isWaiting,
            at: news.reading.bootMicroseconds
        )
    }

    /// Records what is left, as the agent stops: nobody will tell of it later.
    func noteLeftOut() {
        monitor.tallies.hurry()
        takePackets()
    }

    /// The room on the log's disk for records of strangers; none if that cannot be known.
    private func strangersRoom() -> StrangersRoom {
        let configuration = policy.configuration
        guard !audit.isWaiting, let disk = try? DiskRoom.read(configuration.auditDirectory) else {
            return .none
        }
        return room(on: disk)
    }

    private func room(on disk: DiskRoom) -> StrangersRoom {
        let kept = policy.configuration.keepFree
        return StrangersRoom(free: disk.bytes, of: disk.total, keeping: kept)
    }

    /// The pause between two summaries of what strangers do; `nil` while there is no room.
    var summaryGap: Duration? {
        switch strangersRoom().extent {
        case .allowance: .seconds(60)
        case .reserve: .seconds(3600)
        case .none: nil
        }
    }

    /// Records a summary of what strangers did elsewhere; `false` if the disk does not take it.
    func offer(_ entry: AuditEntry) -> Bool {
        let reading = ClockReading.now()
        guard audit.offer([entry], at: reading) else { return false }
        let size = audit.size(of: entry, at: reading)
        monitor.tallies.strangers.spend(size, at: reading.bootMicroseconds)
        return true
    }

    /// The condition that strangers leave less on record than their allowance has room for.
    var diskCondition: Condition? {
        let directory = policy.configuration.auditDirectory
        guard !audit.isWaiting, let disk = try? DiskRoom.read(directory),
            room(on: disk).extent != .allowance
        else { return nil }
        return AuditConditions.keepFreeReached(directory, free: Int64(clamping: disk.bytes))
    }

    // MARK: attempts

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
            monitor.tallies.strangers.hasRoom(for: Self.recordSize, at: now)
        else {
            monitor.tallies.denials.leaveOut(denied, of: count)
            return []
        }
        var records: [OfferedRecord] = []
        for denial in monitor.tallies.denials.take(denied, of: count, at: now) {
            let entry = AuditEntry.denied(denial, isDropped: isDropping)
            let size = audit.size(of: entry, at: reading)
            let source = denial.packet.source
            if monitor.tallies.strangers.take(size, for: source, at: now), room.take(size) {
                records.append(OfferedRecord(entry: entry) { $0.denials.leaveOut(denial) })
            } else {
                monitor.tallies.denials.leaveOut(denial)
            }
        }
        return records
    }

    private var isDropping: Bool { policy.policy.mode == .enforce }

    /// Takes the number of packets that the kernel denied since the last call; `nil` if it does not
    /// say.
    ///
    /// Asks once a second at most unless `always`; the next call counts the rest.
    @discardableResult
    func takeDeniedCount(always: Bool = false) -> Int? {
        let now = ClockReading.now().bootMicroseconds
        guard always || monitor.tallies.count.isDue(at: now) else { return 0 }
        guard firewall.isInstalled, let total = try? firewall.gate.deniedTraffic().packets else {
            return nil
        }
        return monitor.tallies.count.growth(to: total, at: now)
    }

    // MARK: summaries

    private func summaries(
        _ room: inout StrangersRoom,
        at reading: ClockReading
    ) -> [OfferedRecord] {
        let now = reading.bootMicroseconds
        let areUsesDue = monitor.tallies.takeUsesDue(at: now)
        let areAttemptsDue = monitor.tallies.takeAttemptsDue(at: now)
        guard room.extent != .none else { return [] }
        var records: [OfferedRecord] = []
        if areUsesDue {
            for group in monitor.tallies.uses.take(atMost: Self.groupsAtOnce) {
                let entry = uses.record(of: group)
                monitor.tallies.repeats.spend(audit.size(of: entry, at: reading), at: now)
                records.append(OfferedRecord(entry: entry) { $0.uses.add(group) })
            }
        }
        if areAttemptsDue {
            let attempts = summariesOfAttempts()
            for record in attempts {
                let size = audit.size(of: record.entry, at: reading)
                monitor.tallies.strangers.spend(size, at: now)
            }
            records += attempts
        }
        return records
    }

    private func summariesOfAttempts() -> [OfferedRecord] {
        var records: [OfferedRecord] = []
        let count = takeDeniedCount(always: true) ?? 0
        if let summary = monitor.tallies.denials.summary(counting: count) {
            let entry = AuditEntry.summary(of: summary, isDropped: isDropping)
            records.append(OfferedRecord(entry: entry) { $0.denials.leaveOut(summary) })
        }
        for group in monitor.tallies.unproved.take(atMost: Self.groupsAtOnce) {
            let entry = AuditEntry.unproved(group, by: uses.provenance(of: group.last))
            records.append(OfferedRecord(entry: entry) { $0.unproved.add(group) })
        }
        let lost = monitor.tallies.lost
        if lost > 0 { records.append(OfferedRecord(entry: .lost(lost)) { $0.lost += lost }) }
        monitor.tallies.lost = 0
        return records
    }
}

import Admission
import Auditing
import AgentSettings
import Connections
import Enforcement
import Grants
import Lifecycle
import Linux
import Recording

/// Records connections that grants let in.
final class UseRecorder {
    private let monitor: ConnectionMonitor
    private let policy: PolicyManager
    private let grants: GrantTable
    private let audit: AuditWriter

    init(
        _ monitor: ConnectionMonitor,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter
    ) {
        self.monitor = monitor
        self.policy = policy
        self.grants = grants
        self.audit = audit
    }

    /// The records of connections: those that must be made, and those for which there may be room.
    func records(
        in packets: [LoggedPacket],
        _ room: inout StrangersRoom,
        at reading: ClockReading
    ) -> (firsts: [AuditEntry], others: [OfferedRecord]) {
        var firsts: [AuditEntry] = []
        var others: [OfferedRecord] = []
        for use in provedUses(in: packets, at: reading.bootMicroseconds) {
            for id in use.grants { monitor.count(id) }
            let isFirst = monitor.tallies.firsts.take(use)
            guard isFirst || isRoom(for: use, &room, at: reading) else {
                monitor.tallies.uses.add(use)
                continue
            }
            let before = monitor.tallies.uses.take(besides: use)
            let entry = AuditEntry.used(
                use.packet,
                by: provenance(of: use),
                missed: before?.count ?? 0,
                from: before?.sources ?? SourceCounts()
            )
            guard !isFirst else {
                firsts.append(entry)
                continue
            }
            others.append(
                OfferedRecord(entry: entry) { tallies in
                    if let before { tallies.uses.add(before) }
                    tallies.uses.add(use)
                }
            )
        }
        return (firsts, others)
    }

    private func isRoom(
        for use: Use,
        _ room: inout StrangersRoom,
        at reading: ClockReading
    ) -> Bool {
        let now = reading.bootMicroseconds
        guard room.extent == .allowance, monitor.tallies.useRate.take(at: now) else {
            return false
        }
        let size = audit.size(of: .used(use.packet, by: provenance(of: use)), at: reading)
        return monitor.tallies.repeats.take(size, for: use.packet.source, at: now)
            && room.take(size)
    }

    func provenance(of use: Use) -> [GrantProvenance] {
        use.grants.compactMap { grants.lifecycle.grants[$0]?.provenance }
    }

    // MARK: proofs of connections

    private func provedUses(in packets: [LoggedPacket], at now: Int64) -> [Use] {
        var proved: [LoggedPacket] = []
        var trusts: Bool?
        for packet in packets {
            switch packet.prefix {
            case GateNames.usedPrefix:
                trusts = trusts ?? ConnectionTracking.checksNumbers
                let isProved = packet.ports?.transport != .tcp || trusts == true
                if isProved { proved.append(packet) } else { wait(for: packet, at: now) }
            case GateNames.untrackedPrefix: wait(for: packet, at: now)
            // Of a connection that synproxy answers for.
            case GateNames.invalidPrefix where ConnectionTracking.picksUpNothing:
                wait(for: packet, at: now)
            default: continue
            }
        }
        let findings = monitor.prove(at: now)
        findings.unproved.compactMap(use).forEach { monitor.tallies.unproved.add($0) }
        return (proved + findings.proved).compactMap(use)
    }

    /// Has a look-up made for the socket of a packet.
    private func wait(for packet: LoggedPacket, at now: Int64) {
        guard !monitor.tallies.proofs.take(packet, at: now), let use = use(packet) else { return }
        monitor.tallies.unproved.add(use)
    }

    /// The use that a packet makes of grants; `nil` if none covers it.
    private func use(_ packet: LoggedPacket) -> Use? {
        let ports = packet.port.map { [$0] } ?? Array(policy.policy.ports.keys)
        let ids = Set(ports.flatMap { grants.lifecycle.holders(of: packet.source, at: $0) })
        return ids.isEmpty ? nil : Use(packet, by: ids.sorted())
    }

    // MARK: summaries

    func record(of group: UnrecordedUses.Group) -> AuditEntry {
        .used(
            group.last.packet,
            by: provenance(of: group.last),
            missed: group.count - 1,
            from: group.sourcesBeforeLast
        )
    }

    /// Takes the records of a grant's connections that have none yet, now that it ends.
    func takeUnrecorded(of id: GrantID) -> [AuditEntry] {
        monitor.tallies.firsts.forget(id)
        let unproved = monitor.tallies.unproved.take(of: id)
        return unproved.map { .unproved($0, by: provenance(of: $0.last)) }
            + monitor.tallies.uses.take(of: id).map(record)
    }
}

import Admission
import Auditing
import Configuration
import Connections
import Enforcement
import Grants
import Linux
import Recording
import Scheduling

/// Who came in by a grant.
extension Gatekeeper {
    /// The records of connections: those that must be made, and those for which there may be room.
    func recordsOfUses(
        in packets: [LoggedPacket],
        _ room: inout StrangersRoom,
        at reading: ClockReading
    ) -> (firsts: [AuditEntry], others: [OfferedRecord]) {
        var firsts: [AuditEntry] = []
        var others: [OfferedRecord] = []
        for use in provedUses(in: packets, at: reading.bootMicroseconds) {
            for id in use.grants { visitors.connections[id, default: 0] += 1 }
            let isFirst = visitors.tallies.firsts.take(use)
            guard isFirst || isRoom(for: use, &room, at: reading) else {
                visitors.tallies.uses.add(use)
                continue
            }
            let before = visitors.tallies.uses.take(besides: use)
            let entry = AuditEntry.used(
                use.packet,
                by: facts(of: use),
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
        guard room.extent == .allowance, visitors.tallies.useRate.take(at: now) else {
            return false
        }
        let size = trail.size(of: .used(use.packet, by: facts(of: use)), at: reading)
        return visitors.tallies.repeats.take(size, for: use.packet.source, at: now)
            && room.take(size)
    }

    func facts(of use: Use) -> [GrantFacts] { use.grants.compactMap { facts[$0] } }

    // MARK: what proves a connection

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
        let findings = visitors.prove(at: now)
        findings.unproved.compactMap(use).forEach { visitors.tallies.unproved.add($0) }
        return (proved + findings.proved).compactMap(use)
    }

    /// Has it looked at whether there is a socket for a packet.
    private func wait(for packet: LoggedPacket, at now: Int64) {
        guard !visitors.tallies.proofs.take(packet, at: now), let use = use(packet) else { return }
        visitors.tallies.unproved.add(use)
    }

    /// What a packet is a use of; `nil` if no grant covers it.
    private func use(_ packet: LoggedPacket) -> Use? {
        let ports = packet.port.map { [$0] } ?? Array(rulebook.configuration.policy.ports.keys)
        let ids = Set(ports.flatMap { timetable.holders(of: packet.source, at: $0) })
        return ids.isEmpty ? nil : Use(packet, by: ids.sorted())
    }

    // MARK: what has no record of its own

    func recordOfUses(_ group: UnrecordedUses.Group) -> AuditEntry {
        .used(
            group.last.packet,
            by: facts(of: group.last),
            missed: group.count - 1,
            from: group.sourcesBeforeLast
        )
    }

    /// What there is to record of connections by a grant that have none yet, now that it ends.
    func unrecordedUses(of id: GrantID) -> [AuditEntry] {
        visitors.tallies.firsts.forget(id)
        let unproved = visitors.tallies.unproved.take(of: id)
        return unproved.map { .unproved($0, by: facts(of: $0.last)) }
            + visitors.tallies.uses.take(of: id).map(recordOfUses)
    }
}

import Auditing
import Control
import Enforcement
import Grants
import Linux
import Netfilter
import Scheduling

extension Gatekeeper {
    /// Records what has happened.
    func note(_ entry: AuditEntry) {
        trail.note([entry], at: .now())
    }
}

/// What the kernel counted, grant by grant.
extension Gatekeeper {
    /// How many endings at once are counted: each costs microseconds that all others wait.
    private static let countedEndings = 1000

    /// What the openings of these grants carried so far; nothing where the kernel does not say.
    ///
    /// Where very many end in one moment they are not held open to be counted.
    func traffic(of agenda: Agenda) -> [Opening: Traffic] {
        let closing = agenda.endings.map(\.scheduled) + agenda.drainings.map(\.scheduled)
        guard closing.count <= Self.countedEndings else { return [:] }
        return traffic(of: closing)
    }

    func traffic(of grants: some Collection<ScheduledGrant>) -> [Opening: Traffic] {
        let openings = Set(grants.lazy.filter(\.isOpen).flatMap(\.grant.openings))
        guard isInstalled, !openings.isEmpty else { return [:] }
        // A count is worth less than the change that waits for it.
        return (try? gate.traffic(of: openings)) ?? [:]
    }
}

extension ScheduledGrant {
    /// Packets and bytes of all its openings together; `nil` if none was counted.
    func total(_ carried: [Opening: Traffic]) -> Traffic? {
        let counts = grant.openings.compactMap { carried[$0] }
        guard isOpen, let first = counts.first else { return nil }
        return counts.dropFirst().reduce(first, +)
    }

    /// The same as fields of the record that closes it.
    func fields(_ carried: [Opening: Traffic], _ connections: Int) -> [AuditField: [String]] {
        guard isOpen else { return [:] }
        var fields: [AuditField: [String]] = [.connections: [String(connections)]]
        guard let total = total(carried) else { return fields }
        fields[.packets] = [String(total.packets)]
        fields[.bytes] = [String(total.bytes)]
        return fields
    }
}

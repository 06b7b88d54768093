import Admission
import AgentSettings
import Connections
import Enforcement
import Grants
import Lifecycle
import Linux
import Scheduling
import SystemPackage

/// Tells sessions of their end before it comes.
final class SessionWarnings {
    private let firewall: FirewallWriter
    private let policy: PolicyManager
    private let grants: GrantTable

    init(_ firewall: FirewallWriter, _ policy: PolicyManager, _ grants: GrantTable) {
        self.firewall = firewall
        self.policy = policy
        self.grants = grants
    }

    /// Warns people whose access ends soon, on their terminals.
    func send(at now: Moment) {
        let ports = warnedPorts
        let leads = ports.isEmpty ? [] : policy.configuration.sessionWarnings
        grants.lifecycle.warn(ahead: leads, at: now)
        let due = grants.lifecycle.takeWarnings(at: now)
        guard !due.isEmpty else { return }
        let logins = LoginSession.places()
        for port in ports { tell(notices(to: logins, of: due, at: port), at: port, now) }
    }

    /// The ports whose sessions are reset at a deadline and can be warned of it.
    private var warnedPorts: [Port] {
        guard policy.isEnforcing else { return [] }
        return policy.policy.ports
            .filter { $0.key.transport == .tcp && $0.value.onExpiry == .terminate }
            .map(\.key)
    }

    private typealias Notice = (terminal: String, address: Address, notice: EndNotice)

    private func notices(
        to logins: [LoginSession.Place],
        of due: Set<GrantID>,
        at port: Port
    ) -> [Notice] {
        let trusted = policy.policy.trusted
        return logins.compactMap { login in
            guard let address = Address(networkBytes: login.address)?.unmapped,
                !trusted.contains(where: { $0.contains(address) }),
                let notice = notice(to: address, of: due, at: port)
            else { return nil }
            return (login.terminal, address, notice)
        }
    }

    /// The notice for an address; `nil` if it may stay by a grant that holds for longer.
    private func notice(
        to address: Address,
        of due: Set<GrantID>,
        at port: Port
    ) -> EndNotice? {
        let lifecycle = grants.lifecycle
        let holders = lifecycle.holders(of: address, at: port).compactMap { lifecycle.grants[$0] }
        let deadline = holders.compactMap(\.phase.deadline).max()
        let last = holders.first { $0.phase.deadline == deadline && due.contains($0.id) }
        guard let last, let deadline else { return nil }
        return EndNotice(port: port, deadline: deadline, id: last.id)
    }

    /// Logins have no ports: a session is taken for one of this port if its address is connected to it.
    private func tell(_ notices: [Notice], at port: Port, _ now: Moment) {
        guard !notices.isEmpty else { return }
        let connected = connectedAddresses(at: port)
        for (terminal, address, notice) in notices where connected?.contains(address) ?? true {
            // Gone, full, or closed to others by its owner: it is their terminal.
            try? Terminal.tell(notice.lines(at: now), on: terminal)
        }
    }

    /// Those with a connection that a deadline cuts: not one that was there when denying began.
    ///
    /// `nil` where it cannot be found out: one warning too many is better than none.
    private func connectedAddresses(at port: Port) -> Set<Address>? {
        do throws(Errno) {
            var sessions = try SessionList()
            let found = try sessions.sessions(at: [port]).filter { found in
                !firewall.gate.sessions.contains(OngoingSession(found))
            }
            return Set(found.map(\.peer.address))
        } catch {
            return nil
        }
    }
}

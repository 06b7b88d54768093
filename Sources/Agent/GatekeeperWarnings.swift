import Admission
import Configuration
import Connections
import Enforcement
import Grants
import Linux
import Scheduling
import SystemPackage

/// Sessions that are told of their end before it comes.
extension Gatekeeper {
    /// Tells those whose access ends soon, on their terminals.
    func warnSessions(at now: Moment) {
        let ports = warnedPorts
        let leads = ports.isEmpty ? [] : rulebook.configuration.sessionWarnings
        timetable.warn(ahead: leads, at: now)
        let due = timetable.takeWarnings(at: now)
        guard !due.isEmpty, let logins = try? LoginSession.all() else { return }
        for port in ports { tell(notices(to: logins, of: due, at: port), at: port, now) }
    }

    /// Where sessions are cut at a deadline, and can be told of it.
    private var warnedPorts: [Port] {
        let policy = rulebook.configuration.policy
        guard policy.mode == .enforce else { return [] }
        return policy.ports.filter { $0.key.transport == .tcp && $0.value.onExpiry == .terminate }
            .map(\.key)
    }

    private typealias Notice = (terminal: String, address: Address, notice: EndNotice)

    private func notices(
        to logins: [LoginSession],
        of due: Set<GrantID>,
        at port: Port
    ) -> [Notice] {
        let trusted = rulebook.configuration.policy.trusted
        return logins.compactMap { login in
            guard let address = Address(networkBytes: login.address)?.unmapped,
                !trusted.contains(where: { $0.contains(address) }),
                let notice = notice(to: address, of: due, at: port)
            else { return nil }
            return (login.terminal, address, notice)
        }
    }

    /// Nothing for who stays by a grant that holds for longer.
    private func notice(
        to address: Address,
        of due: Set<GrantID>,
        at port: Port
    ) -> EndNotice? {
        let holders = timetable.holders(of: address, at: port).compactMap { timetable[$0] }
        let deadline = holders.compactMap(\.deadline).max()
        let last = holders.first { $0.deadline == deadline && due.contains($0.id) }
        guard let last, let deadline else { return nil }
        return EndNotice(port: port, deadline: deadline, id: last.id)
    }

    /// utmp has no ports: a session is taken for one of this port if its address is connected to it.
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
                !gate.keeps(OngoingSession(found))
            }
            return Set(found.map(\.peer.address))
        } catch {
            return nil
        }
    }
}

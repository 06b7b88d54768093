import Admission
import Auditing
import Configuration
import Connections
import Enforcement
import Grants
import Linux
import SystemPackage

/// Sessions from before enforcing.
extension Gatekeeper {
    /// What is there when denying begins at ports; nothing at the start of an agent where it had begun
    /// before and the gate is not there to say at which ports.
    func existingSessions(
        at ports: [Port],
        deniesAlready: Bool,
        room: Int
    ) -> ExistingSessions? {
        guard wasInstalled || !hadEnforced || deniesAlready else { return nil }
        let trusted = rulebook.configuration.policy.trusted
        return ExistingSessions(
            at: ports,
            trusted: trusted,
            room: max(0, room),
            callers: ongoing.callers
        )
    }

    /// Has the gate remember who sent datagrams to ports before denying began there.
    ///
    /// Conntrack forgets them at half a minute after their last one at the earliest, so that none is
    /// missed who sends something meanwhile.
    func rememberSenders() throws(GateError) {
        let ports = gate.takeBeginnings()
        guard !ports.isEmpty else { return }
        let senders: [Port: Set<Address>]
        do throws(Errno) {
            var sessions = try SessionList()
            var found: [Port: Set<Address>] = [:]
            for port in ports { found[port] = try sessions.senders(to: port) }
            senders = found
        } catch {
            return try gate.rememberEverybody(at: ports)
        }
        try gate.remember(senders: senders)
    }

    func noteKept(_ existing: ExistingSessions) {
        ongoing.existingLeftOut = existing.leftOut
        guard !existing.kept.isEmpty || existing.leftOut > 0 else { return }
        let limit = rulebook.configuration.policy.keepExisting.limit
        let end = limit.map { read() + $0 }
        note(.existingKept(existing.kept.count, leavingOut: existing.leftOut, until: end))
    }

    /// Ends every session that was there when enforcing began; the record says who asked.
    func endKeptSessions(_ order: [AuditField: [String]]) {
        let kept = gate.ongoingSessions().keys.filter { !ongoing.contains($0) }
        willCut(rulebook.shape.protected.flatMap(Opening.all), because: .revoked)
        guard !kept.isEmpty else { return }
        for session in kept { ongoing.changes[session] = .some(nil) }
        closings.append(.existingEnded(kept.count, order))
    }
}

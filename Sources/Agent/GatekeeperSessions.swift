import Admission
import Auditing
import Configuration
import Connections
import Enforcement
import Grants
import Linux
import Scheduling

/// Live connections that are cut.
extension Gatekeeper {
    /// Cuts the sessions of grants that ended, but those that something else covers.
    func cutSessions(of endings: [Ending]) {
        for ending in endings where ending.scheduled.isOpen {
            willCut(ending.scheduled.grant.openings, because: ending.reason)
        }
        guard !visitors.uncut.isEmpty else { return }
        forgetExisting()
        visitors.cut(by: rulebook.shape) { peer, port in
            isCovered(peer.address, at: port)
        } goingOn: { peer, port in
            gate.keeps(OngoingSession(peer: peer.address, peerPort: peer.port, port: port))
        }
        // Until the kernel's sets are as they should be more may come in.
        if isInstalled { visitors.uncut = Uncut() }
    }

    /// Of a grant that somebody ended not even what was there before it may go on.
    private func forgetExisting() {
        let sources = Dictionary(grouping: visitors.uncut.ended, by: \.port)
            .mapValues { ClosedSources($0.map(\.source)) }
        guard !sources.isEmpty else { return }
        do {
            try gate.forget { connection in
                sources[connection.port]?.contains(connection.peer) == true
                    && !isCovered(connection.peer, at: connection.port)
            }
        } catch {
            isInstalled = false
            gateProblem = error.description
        }
    }

    private func isCovered(_ address: Address, at port: Port) -> Bool {
        rulebook.configuration.policy.trusted.contains { $0.contains(address) }
            || timetable.isHeld(address, at: port)
    }

    /// Grants that an earlier run had live and whose files are gone.
    func endWhatHasNoFile() {
        let now = read()
        for (id, standing) in trail.ledger.standings where timetable[id] == nil {
            var reason = isClone ? EndReason.policy : .removed
            let order = revocations.first { $0.ids.contains(id) }
            if order != nil { reason = .revoked }
            if case .open(_, _, let deadline) = standing, deadline <= now { reason = .expired }
            let told = order.map { PendingRevocation.orders($0.fields) } ?? [:]
            _ = endUnseen(id, because: reason, told)
        }
    }

    /// The grants that an earlier run had live and of which this one has read no file yet.
    var unseen: [GrantID] {
        trail.ledger.standings.keys.filter { timetable[$0] == nil && untold[$0] == nil }
    }

    /// Ends one of those; `false` if it is none.
    func endUnseen(
        _ id: GrantID,
        because reason: EndReason,
        _ told: [AuditField: [String]]
    ) -> Bool {
        guard timetable[id] == nil, untold[id] == nil,
            let live = trail.ledger.standings[id]?.live
        else { return false }
        note(closing: .closed(live, because: reason, carried: told), of: id)
        willCut(live, reason)
        return true
    }

    /// Has the sessions cut of a grant that ended while there was no agent.
    private func willCut(_ live: LiveGrant, _ reason: EndReason) {
        let sources = live.fields[.sources, default: []].compactMap { try? Prefix(parsing: $0) }
        for text in live.fields[.ports, default: []] {
            guard let port = try? Port(parsing: text) else { continue }
            willCut(sources.map { Opening(source: $0, port: port) }, because: reason)
        }
    }

    /// Has the sessions cut of openings at protected ports.
    private func willCut(_ openings: [Opening], because reason: EndReason) {
        let policy = rulebook.configuration.policy
        guard policy.mode == .enforce else { return }
        for opening in openings where policy.ports[opening.port] != nil {
            visitors.uncut.add(opening, because: reason)
        }
    }
}

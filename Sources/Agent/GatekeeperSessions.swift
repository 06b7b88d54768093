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
    /// Cuts the sessions of what ended or begins to drain, except those that something else covers.
    func cutSessions(of agenda: Agenda) {
        for ending in agenda.endings where ending.scheduled.isOpen || ending.scheduled.isDraining {
            willCut(ending.scheduled.grant.openings, because: ending.reason)
        }
        for draining in agenda.drainings {
            willCut(draining.scheduled.grant.openings, because: .expired)
        }
        guard !visitors.uncut.isEmpty else { return }
        forgetExisting()
        let published = visitors.cut { peer, port in
            isCovered(peer.address, at: port)
        } goingOn: { peer, port in
            gate.keeps(OngoingSession(peer: peer.address, peerPort: peer.port, port: port))
        }
        resetEnds(of: published)
        // Until the kernel's sets are as they should be more may come in.
        if isInstalled { visitors.uncut = Uncut() }
    }

    /// Has the gate reset both ends of sessions whose sockets are not this host's.
    private func resetEnds(of published: Set<PublishedSession>) {
        guard !published.isEmpty else { return }
        do {
            try gate.reset(
                published.compactMap { session in
                    let port = Port(number: session.asked.port, transport: .tcp)
                    return port.flatMap {
                        OngoingSession(
                            peer: session.peer.address,
                            peerPort: session.peer.port,
                            port: $0
                        )
                    }
                }
            )
        } catch {
            isInstalled = false
            gateProblem = error.description
        }
        visitors.provoke(published)
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
            var reason = isClone ? EndReason.policy : orphans[id] ?? .removed
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
        // Has the sessions cut of a grant that ended while there was no agent.
        willCut(live.openings, because: reason)
        if intake.isScanning { isInstalled = false }
        return true
    }

    /// What those hold open, and until when.
    var unseenOpenings: [Opening: Moment] {
        var openings: [Opening: Moment] = [:]
        for case .open(let live, _, let deadline) in trail.ledger.standings.values
        where timetable[live.id] == nil && untold[live.id] == nil {
            for opening in live.openings {
                openings[opening] = max(deadline, openings[opening] ?? deadline)
            }
        }
        return openings
    }

    /// Has the sessions cut of openings at protected ports.
    func willCut(_ openings: [Opening], because reason: EndReason) {
        let policy = rulebook.configuration.policy
        guard policy.mode == .enforce else { return }
        for opening in openings where policy.ports[opening.port] != nil {
            visitors.uncut.add(opening, because: reason)
        }
    }
}

extension LiveGrant {
    /// All its records say that it opens.
    fileprivate var openings: [Opening] {
        let sources = fields[.sources, default: []].compactMap { try? Prefix(parsing: $0) }
        let ports = fields[.ports, default: []].compactMap { try? Port(parsing: $0) }
        return ports.flatMap { port in sources.map { Opening(source: $0, port: port) } }
    }
}

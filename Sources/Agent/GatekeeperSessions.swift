import Admission
import Auditing
import Configuration
import Connections
import Enforcement
import Grants
import Linux
import Netfilter
import Scheduling

/// Live connections: who came, who tried, and who is cut.
extension Gatekeeper {
    /// Begins to hear who comes and who tries, once no other program does.
    func listenForPackets() {
        visitors.listen(on: executor) { self.assumeIsolated { $0.packetsCame() } }
    }

    /// The log of packets has something to say.
    func packetsCame() {
        takePackets()
        trail.isWaiting ? settle() : report()
    }

    /// Records what the log of packets says, all of it in one append.
    ///
    /// Before grants end, so that whoever came under one is told of with it.
    func takePackets() {
        let logged = visitors.takePackets()
        guard !logged.isEmpty else { return }
        let ports = rulebook.configuration.policy.ports
        let packets = logged.packets.map { $0.atPortLookedUp { ports[$0] != nil } }
        let used = packets.filter { $0.prefix == GateNames.usedPrefix }
        let denied = packets.filter { $0.prefix == GateNames.deniedPrefix }
        // While the disk takes nothing, what strangers do must not fill the memory instead.
        let kept = trail.isWaiting ? denied.prefix(0) : denied[...]
        let now = ClockReading.now()
        let configuration = rulebook.configuration
        visitors.tally.perSecond = configuration.deniedPerSecond
        let isDropped = configuration.policy.mode == .enforce
        let count = denied.isEmpty ? 0 : takeDeniedCount() ?? denied.count
        let denials = visitors.tally.take(kept, of: count, at: now.bootMicroseconds)
        let attempts = denials.map { AuditEntry.denied($0, isDropped: isDropped) }
        trail.note(used.compactMap(recordOfUse) + attempts, at: now)
    }

    /// How many packets the kernel denied since the last call; `nil` where it does not say.
    ///
    /// Asked once a second at most: what is not counted now is so the next time.
    @discardableResult
    func takeDeniedCount() -> Int? {
        let now = ClockReading.now().bootMicroseconds
        guard visitors.deniedCount.isDue(at: now) else { return 0 }
        guard isInstalled, let total = try? gate.deniedTraffic().packets else { return nil }
        return visitors.deniedCount.growth(to: total, at: now)
    }

    private func recordOfUse(_ packet: LoggedPacket) -> AuditEntry? {
        guard let port = packet.port else { return nil }
        let ids = timetable.holders(of: packet.source.address, at: port)
        for id in ids { visitors.connections[id, default: 0] += 1 }
        let grants = ids.compactMap { facts[$0] }
        return grants.isEmpty || trail.isWaiting ? nil : .used(packet, by: grants)
    }

    // MARK: cutting

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
            var reason = EndReason.removed
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
    private func willCut(_ openings: [Opening], because reason: EndReason) {
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

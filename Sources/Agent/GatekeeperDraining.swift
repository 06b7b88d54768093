import Admission
import Auditing
import Configuration
import Connections
import Enforcement
import Grants
import Linux
import Scheduling
import SystemPackage

/// Sessions that go on though nothing lets new ones in: past a deadline, or from before enforcing.
extension Gatekeeper {
    // MARK: at a deadline

    /// Lets the sessions drain of grants that reach their deadline, as policy says; answers until
    /// when each may go on.
    func letDrain(_ agenda: inout Agenda) -> [OngoingSession: Moment?] {
        let ends = drainEnds(of: agenda)
        guard !ends.isEmpty else { return [:] }
        let ending = Set(agenda.endings.map(\.scheduled.id))
        let trusted = rulebook.configuration.policy.trusted
        var claims: [SessionClaim] = []
        let ports = Set(ends.values.flatMap(\.keys))
        for found in visitors.allSessions(at: ports) ?? [] {
            let holders = timetable.holders(of: found.peer.address, at: found.port)
            let owners = holders.filter { ends[$0]?[found.port] != nil }
            // What goes on in another way does so without draining.
            guard !owners.isEmpty, holders.allSatisfy(ending.contains),
                !trusted.contains(where: { $0.contains(found.peer.address) }),
                let until = owners.compactMap({ ends[$0]?[found.port] }).max(),
                let claim = SessionClaim(found, owners, until)
            else { continue }
            claims.append(claim)
        }
        return take(claims, &agenda)
    }

    /// Until when the sessions of grants that reach their deadline may go on, by grant and port.
    private func drainEnds(of agenda: Agenda) -> [GrantID: [Port: Moment]] {
        var ends: [GrantID: [Port: Moment]] = [:]
        let now = read()
        for ending in agenda.endings where ending.reason == .expired {
            guard let deadline = ending.scheduled.deadline else { continue }
            let grant = ending.scheduled.grant
            let limits = drainLimits(grant.ports).mapValues { deadline + $0 }
            let open = limits.filter { $0.value > now }
            if !open.isEmpty { ends[grant.id] = open }
        }
        return ends
    }

    /// For how long after a deadline sessions may go on, at the ports where they may.
    private func drainLimits(_ ports: [Port]) -> [Port: Duration] {
        let policy = rulebook.configuration.policy
        guard policy.mode == .enforce else { return [:] }
        var limits: [Port: Duration] = [:]
        for port in ports where port.transport == .tcp {
            guard let rules = policy.ports[port], rules.onExpiry == .drain else { continue }
            limits[port] = rules.drainLimit
        }
        return limits
    }

    private func take(
        _ claims: [SessionClaim],
        _ agenda: inout Agenda
    ) -> [OngoingSession: Moment?] {
        let (chosen, left) = choose(claims)
        let leftOut = Dictionary(grouping: left.flatMap(\.owners)) { $0 }
        let now = read()
        var ends: [OngoingSession: Moment?] = [:]
        for claim in chosen {
            let before = gate.left(of: claim.session).map { now + $0 }
            ends[claim.session] = .some(max(claim.until, before ?? claim.until))
        }
        var drains: [GrantID: Moment] = [:]
        for id in Set(chosen.flatMap(\.owners)) {
            let own = chosen.filter { $0.owners.contains(id) }
            ongoing.begin(id, Set(own.map(\.session)), leavingOut: leftOut[id]?.count ?? 0)
            drains[id] = own.map(\.until).max()
        }
        agenda.drain(drains)
        return ends
    }

    /// Those for which there is room, and the others: logins first, then the oldest.
    private func choose(
        _ claims: [SessionClaim]
    ) -> (chosen: [SessionClaim], left: [SessionClaim]) {
        let known = claims.filter { gate.keeps($0.session) }
        let new = claims.filter { !gate.keeps($0.session) }
        let room = max(0, DrainingSessions.limit - gate.ongoingCount)
        guard new.count > room else { return (claims, []) }
        let ordered = SessionOrder(callers: ongoing.callers).sorted(new, by: \.found)
        return (known + ordered.prefix(room), Array(ordered.dropFirst(room)))
    }

    // MARK: what changes for them

    /// What the kernel is to be told of sessions before an agenda is carried out: those that ended,
    /// reached their limit, or are of a grant that drains no longer.
    ///
    /// Lets what may drain do so.
    func takeSessionChanges(_ agenda: inout Agenda) -> [OngoingSession: Moment?] {
        var changes = ongoing.changes
        ongoing.changes = [:]
        for session in gate.endedSessions(within: Self.sessionLead) {
            ongoing.lapse(session)
            changes[session] = .some(nil)
            willCut(session)
        }
        for ending in agenda.endings where ending.scheduled.isDraining {
            for session in ongoing.end(ending.scheduled.id) { changes[session] = .some(nil) }
        }
        return changes.merging(letDrain(&agenda)) { $1 }
    }

    /// As the timetable's lead: what ending them takes.
    static let sessionLead = Duration.milliseconds(4)

    /// When the first session that may go on has to end.
    func sessionDue(at now: Moment) -> Moment? {
        gate.firstSessionEnd.map { now + max(.zero, $0 - Self.sessionLead) }
    }

    private func willCut(_ session: OngoingSession) {
        let length = session.peer.family.bitCount
        let source = Prefix(covering: session.peer, length: length)
        willCut([Opening(source: source, port: session.port)], because: .expired)
    }

    // MARK: the ends of sessions

    /// Hears of the ends of sessions that may go on, while there are any.
    func watchSessions() {
        guard ongoing.watched != gate.sessionsVersion else { return }
        ongoing.watched = gate.sessionsVersion
        let ports = gate.ongoingPorts
        if visitors.watchSockets(
            of: ports,
            on: executor,
            { self.assumeIsolated { $0.socketsEnded() } }
        ) {
            findEndedSessions()
        }
    }

    /// Sockets of ports where sessions may go on have ended.
    private func socketsEnded() {
        guard let ended = visitors.takeEndedSockets() else {
            findEndedSessions()
            return settle()
        }
        let sessions = ended.compactMap {
            OngoingSession(peer: $0.peer.address, peerPort: $0.peer.port, port: $0.port)
        }
        if haveEnded(sessions.filter { gate.keeps($0) }) { settle() }
    }

    /// Compares the sessions that may go on with those that there are.
    private func findEndedSessions() {
        guard let found = visitors.allSessions(at: gate.ongoingPorts) else { return }
        let living = Set(found.compactMap(OngoingSession.init))
        _ = haveEnded(gate.ongoingSessions().keys.filter { !living.contains($0) })
        for scheduled in timetable.all where scheduled.isDraining { endIfDone(scheduled.id) }
    }

    /// Notes that sessions ended by themselves; answers whether there is something to be done.
    private func haveEnded(_ sessions: [OngoingSession]) -> Bool {
        for session in sessions {
            ongoing.changes[session] = .some(nil)
            for id in ongoing.remove(session) { _ = timetable.end(id, because: .expired) }
        }
        return !sessions.isEmpty
    }

    private func endIfDone(_ id: GrantID) {
        if ongoing.isDone(id) { _ = timetable.end(id, because: .expired) }
    }

    // MARK: over restarts and policies

    /// Takes up what an earlier run of the agent had let drain.
    func resumeDraining() {
        for (id, draining) in trail.ledger.draining where timetable[id] == nil {
            let facts = GrantFacts(draining)
            self.facts[id] = facts
            timetable.restore(
                facts.grant,
                openSince: draining.openedAt,
                deadline: draining.deadline,
                drainingUntil: draining.until
            )
        }
        reviewDraining()
    }

    /// Finds the sessions of what drains among those that the kernel held before this agent.
    func adoptSessions() {
        let kept = gate.ongoingSessions().keys
        for scheduled in timetable.all where scheduled.isDraining {
            let grant = scheduled.grant
            let own = kept.filter { session in
                grant.ports.contains(session.port)
                    && grant.sources.contains { $0.contains(session.peer) }
            }
            ongoing.begin(grant.id, Set(own))
            endIfDone(grant.id)
        }
    }

    /// Holds what drains, and what was there when enforcing began, to the rules that are in force now.
    func reviewDraining() {
        for scheduled in timetable.all {
            guard case .draining(_, let deadline, _) = scheduled.phase else { continue }
            let limits = drainLimits(scheduled.grant.ports)
            guard let longest = limits.values.max(), mayDrain(scheduled.id) else {
                _ = timetable.end(scheduled.id, because: .policy)
                continue
            }
            timetable.drain(scheduled.id, until: deadline + longest)
            for session in ongoing[scheduled.id] {
                limit(session, to: limits[session.port].map { deadline + $0 })
            }
        }
        let rule = rulebook.configuration.policy.keepExisting
        guard let most = rule.limit else { return }
        for session in gate.ongoingSessions().keys where !ongoing.contains(session) {
            limit(session, to: rule.keeps ? read() + most : nil)
        }
    }

    /// A session may go on until then, if it might for longer before.
    private func limit(_ session: OngoingSession, to end: Moment?) {
        guard let end else {
            ongoing.changes[session] = .some(nil)
            return willCut(session)
        }
        if let left = gate.left(of: session), read() + left > end {
            ongoing.changes[session] = .some(end)
        }
    }
}

import Admission
import Auditing
import AgentSettings
import Connections
import Enforcement
import Grants
import Lifecycle
import Linux

/// Lets sessions go on though nothing lets new ones in: past a deadline, or from before enforcing.
final class SessionDrains {
    /// The time that ending sessions takes, like the lifecycle's lead.
    private static let lead = Duration.milliseconds(4)

    typealias Change = (sessions: [OngoingSession: Moment?], drains: [GrantID: Moment])

    private var ongoing = DrainingSessions()
    private let firewall: FirewallWriter
    private let resets: SessionResets
    private let policy: PolicyManager
    private let grants: GrantTable
    private let clocks: Clocks
    private let monitor: SessionMonitor

    init(
        _ firewall: FirewallWriter,
        _ resets: SessionResets,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ clocks: Clocks,
        _ events: LoopEvents
    ) {
        self.firewall = firewall
        self.resets = resets
        self.policy = policy
        self.grants = grants
        self.clocks = clocks
        monitor = SessionMonitor(events)
    }

    /// The number of sessions that go on, for each grant that drains.
    var counts: [GrantID: Int] {
        let draining = grants.lifecycle.grants.all.filter(\.phase.isDraining)
        return Dictionary(uniqueKeysWithValues: draining.map { ($0.id, ongoing[$0.id].count) })
    }

    // MARK: at a step

    /// The changes of sessions that the kernel needs before a step is carried out: sessions that
    /// ended, reached their limit, or whose grant drains no longer; and until when grants of the
    /// step drain.
    func changes(for step: Step) -> Change {
        var changes = ongoing.changes
        ongoing.changes = [:]
        for session in firewall.gate.sessions.over(within: Self.lead) {
            ongoing.lapse(session)
            changes[session] = .some(nil)
            resets.add(session)
        }
        for ending in step.endings where ending.phase.isDraining {
            for session in ongoing.end(ending.id) { changes[session] = .some(nil) }
        }
        let (sessions, drains) = letDrain(step)
        return (changes.merging(sessions) { $1 }, drains)
    }

    /// Lets the sessions drain of grants that reach their deadline, as policy says.
    private func letDrain(_ step: Step) -> Change {
        let ends = DrainRules(policy.policy).ends(of: step, at: clocks.read().closing)
        guard !ends.isEmpty else { return ([:], [:]) }
        let ending = Set(step.endings.map(\.id))
        let trusted = policy.policy.trusted
        let held = grants.lifecycle.held
        var claims: [SessionClaim] = []
        let ports = Set(ends.values.flatMap(\.keys))
        for found in SessionMonitor.sessions(at: ports) ?? [] {
            let holders = held.holders(of: found.peer.address, at: found.port)
            let owners = holders.filter { ends[$0]?[found.port] != nil }
            // Sessions that something else covers go on without draining.
            guard !owners.isEmpty, holders.allSatisfy(ending.contains),
                !trusted.contains(where: { $0.contains(found.peer.address) }),
                let until = owners.compactMap({ ends[$0]?[found.port] }).max(),
                let claim = SessionClaim(found, owners, until)
            else { continue }
            claims.append(claim)
        }
        return admit(claims)
    }

    private func admit(_ claims: [SessionClaim]) -> Change {
        let (chosen, left) = SessionClaim.choose(
            claims,
            within: firewall.gate,
            callers: firewall.callers
        )
        let leftOut = Dictionary(grouping: left.flatMap(\.owners)) { $0 }
        let now = clocks.read().closing
        var ends: [OngoingSession: Moment?] = [:]
        for claim in chosen {
            let before = firewall.gate.sessions.left(of: claim.session).map { now + $0 }
            ends[claim.session] = .some(max(claim.until, before ?? claim.until))
        }
        var drains: [GrantID: Moment] = [:]
        for id in Set(chosen.flatMap(\.owners)) {
            let own = chosen.filter { $0.owners.contains(id) }
            ongoing.begin(id, Set(own.map(\.session)), leavingOut: leftOut[id]?.count ?? 0)
            drains[id] = own.map(\.until).max()
        }
        return (ends, drains)
    }

    /// The moment at which the first session that may go on has to end.
    func due(at now: Moment) -> Moment? {
        firewall.gate.sessions.untilFirstEnd().map { now + max(.zero, $0 - Self.lead) }
    }

    /// The record that a grant begins to drain.
    func began(
        _ id: GrantID,
        _ provenance: GrantProvenance,
        until end: Moment,
        _ carried: [AuditField: [String]]
    ) -> AuditEntry {
        .draining(
            provenance,
            sessions: ongoing[id].count,
            leavingOut: ongoing.takeLeftOut(id),
            until: end,
            carried: carried
        )
    }

    /// The record that a grant has drained.
    func ended(_ ending: Ending, _ provenance: GrantProvenance) -> AuditEntry {
        let (isFinished, remaining) = ongoing.takeOutcome(ending.id)
        return .drainEnded(
            provenance,
            because: isFinished ? "finished" : ending.reason.rawValue,
            cutting: remaining,
            ending.fields
        )
    }

    /// Watches for the ends of sessions that may go on, while there are any.
    func watchSessions() {
        guard ongoing.watched != firewall.gate.sessions.version else { return }
        ongoing.watched = firewall.gate.sessions.version
        if monitor.watch(firewall.gate.sessions.ports) { findEndedSessions() }
    }

    /// Handles ends of sockets of ports where sessions may go on; returns whether to act on them.
    func socketsEnded() -> Bool {
        guard let ended = monitor.takeEnded() else {
            findEndedSessions()
            return true
        }
        let sessions = ended.compactMap {
            OngoingSession(peer: $0.peer.address, peerPort: $0.peer.port, port: $0.port)
        }
        return haveEnded(sessions.filter { firewall.gate.sessions.contains($0) })
    }

    /// Compares the sessions that may go on with those that exist.
    private func findEndedSessions() {
        guard let found = SessionMonitor.sessions(at: firewall.gate.sessions.ports) else { return }
        let living = Set(found.compactMap(OngoingSession.init))
        _ = haveEnded(firewall.gate.sessions.all().keys.filter { !living.contains($0) })
        for entry in draining where ongoing.isDone(entry.id) { end(entry.id, because: .expired) }
    }

    /// Notes that sessions ended by themselves; returns whether there is something to be done.
    private func haveEnded(_ sessions: [OngoingSession]) -> Bool {
        for session in sessions {
            ongoing.changes[session] = .some(nil)
            for id in ongoing.remove(session) { end(id, because: .expired) }
        }
        return !sessions.isEmpty
    }

    private func end(_ id: GrantID, because: EndReason) {
        _ = grants.lifecycle.withdrawn(id, because: because)
    }

    private var draining: [Lifecycle.Entry] {
        grants.lifecycle.grants.drainingCount == 0
            ? [] : grants.lifecycle.grants.all.filter(\.phase.isDraining)
    }

    /// Ends all sessions from before enforcing, as somebody asked for.
    func endKept(in audit: AuditWriter, _ origin: RevocationOrigin) {
        let kept = firewall.gate.sessions.all().keys.filter { !ongoing.contains($0) }
        resets.add(policy.loaded.shape.protected.flatMap(Opening.all), because: .revoked)
        guard !kept.isEmpty else { return }
        for session in kept { ongoing.changes[session] = .some(nil) }
        audit.hold([.existingEnded(kept.count, origin.fields)])
    }

    // MARK: over restarts and policies

    /// Finds the sessions of draining grants among those that the kernel held before this agent.
    func adoptSessions() {
        let kept = firewall.gate.sessions.all().keys
        for entry in draining {
            guard let grant = entry.grant else { continue }
            let own = kept.filter { session in
                grant.ports.contains(session.port)
                    && grant.sources.contains { $0.contains(session.peer) }
            }
            ongoing.begin(grant.id, Set(own))
            if ongoing.isDone(grant.id) { end(grant.id, because: .expired) }
        }
    }

    /// Holds draining sessions, and those from before enforcing, to the rules in force now.
    func policyChanged(at now: Moment) {
        let rules = DrainRules(policy.policy)
        for entry in draining {
            guard case .draining(_, let deadline, _, _) = entry.phase, let grant = entry.grant
            else {
                continue
            }
            let limits = rules.limits(grant.ports)
            guard let longest = limits.values.max(), policy.stillAdmits(entry.id) else {
                end(entry.id, because: .policy)
                continue
            }
            grants.lifecycle.limitDrain(entry.id, until: deadline + longest)
            for session in ongoing[entry.id] {
                limit(session, to: limits[session.port].map { deadline + $0 }, at: now)
            }
        }
        let rule = policy.policy.keepExisting
        guard let most = rule.limit else { return }
        for session in firewall.gate.sessions.all().keys where !ongoing.contains(session) {
            limit(session, to: rule.keeps ? now + most : nil, at: now)
        }
    }

    /// Lowers the moment until which a session may go on.
    private func limit(_ session: OngoingSession, to end: Moment?, at now: Moment) {
        guard let end else {
            ongoing.changes[session] = .some(nil)
            return resets.add(session)
        }
        if let left = firewall.gate.sessions.left(of: session), now + left > end {
            ongoing.changes[session] = .some(end)
        }
    }
}

import Admission
import Auditing
import Conditions
import AgentSettings
import Connections
import Enforcement
import Grants
import Lifecycle
import Linux
import SystemPackage

/// Closed openings whose sessions have not been reset yet.
struct PendingResets {
    /// Openings whose sessions somebody wants gone, whatever else lets them go on.
    private(set) var ended: Set<Opening> = []
    /// Openings that let no new session in; sessions that policy lets drain may go on.
    private(set) var lapsed: Set<Opening> = []

    var isEmpty: Bool { ended.isEmpty && lapsed.isEmpty }

    mutating func add(_ opening: Opening, because reason: EndReason) {
        if reason == .expired { lapsed.insert(opening) } else { ended.insert(opening) }
    }
}

/// Resets the sessions of closed openings.
final class SessionResets {
    private var pending = PendingResets()
    private var cutter: SessionCutter
    private let firewall: FirewallWriter
    private let policy: PolicyManager
    private let grants: GrantTable
    private let conditions: HostConditions

    init(
        _ cutter: consuming SessionCutter,
        _ firewall: FirewallWriter,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ conditions: HostConditions
    ) {
        self.cutter = cutter
        self.firewall = firewall
        self.policy = policy
        self.grants = grants
        self.conditions = conditions
    }

    // MARK: sessions to reset

    /// Adds openings at protected ports whose sessions are to be reset.
    func add(_ openings: [Opening], because reason: EndReason) {
        guard policy.isEnforcing else { return }
        for opening in openings where policy.policy.ports[opening.port] != nil {
            pending.add(opening, because: reason)
        }
    }

    func add(_ session: OngoingSession) {
        let length = session.peer.family.bitCount
        let source = Prefix(covering: session.peer, length: length)
        add([Opening(source: source, port: session.port)], because: .expired)
    }

    /// Resets the sessions that no longer pass by the new rules, whatever let them in.
    func rulesChanged() {
        let shape = policy.loaded.shape
        guard shape.denies else { return }
        for opening in shape.protected.flatMap(Opening.all) {
            pending.add(opening, because: .expired)
        }
    }

    // MARK: resetting

    /// Resets the sessions of grants that ended or begin to drain, unless something else covers
    /// them.
    func carryOut(_ step: Step) {
        for ending in step.endings {
            let phase = ending.phase
            guard phase.isOpen || phase.isDraining || phase.isUnseen else { continue }
            add(ending.entry.openings, because: ending.reason)
        }
        guard !pending.isEmpty else { return }
        forgetExisting()
        let published = resetPending()
        resetEnds(of: published)
        // More may come in until the kernel's sets are right.
        if firewall.isInstalled { pending = PendingResets() }
    }

    /// Returns the sessions whose ends the gate has to reset.
    ///
    /// Sessions of lapsed openings go on if the gate keeps them.
    private func resetPending() -> Set<PublishedSession> {
        let isCovered = { (peer: Endpoint, port: Port) in
            self.isCovered(peer.address, at: port)
        }
        let ended = cutter.cut(pending.ended, unless: isCovered)
        let lapsed = cutter.cut(pending.lapsed.subtracting(pending.ended)) { peer, port in
            isCovered(peer, port)
                || firewall.gate.sessions.contains(
                    OngoingSession(peer: peer.address, peerPort: peer.port, port: port)
                )
        }
        note(ended.problems + lapsed.problems)
        return ended.published.union(lapsed.published)
    }

    /// Has the gate reset both ends of sessions whose sockets are not this host's.
    private func resetEnds(of published: Set<PublishedSession>) {
        guard !published.isEmpty else { return }
        do {
            try firewall.gate.reset(published.compactMap(OngoingSession.init(published:)))
        } catch {
            firewall.fail(error)
        }
        provoke(published)
    }

    /// Provokes the gate into resetting both ends of its sessions at once.
    private func provoke(_ sessions: Set<PublishedSession>) {
        do {
            try ProbeSender.provoke(sessions, priority: GateNames.probePriority)
        } catch .notPermitted, .permissionDenied, .addressFamilyNotSupported {
            // Without raw sockets, as in the unit's sandbox, the gate resets each end at its next packet.
        } catch {
            note([.refused(attempt: "have published sessions reset before they go on", error)])
        }
    }

    /// Forgets older sessions under openings that somebody ended: not even those may go on.
    private func forgetExisting() {
        let sources = Dictionary(grouping: pending.ended, by: \.port)
            .mapValues { ClosedSources($0.map(\.source)) }
        guard !sources.isEmpty else { return }
        do {
            try firewall.gate.forget { connection in
                sources[connection.port]?.contains(connection.peer) == true
                    && !isCovered(connection.peer, at: connection.port)
            }
        } catch {
            firewall.fail(error)
        }
    }

    private func isCovered(_ address: Address, at port: Port) -> Bool {
        policy.policy.trusted.contains { $0.contains(address) }
            || grants.lifecycle.held.contains(address, at: port)
    }

    private func note(_ problems: [ConnectionsError]) {
        let reasons = problems.map(\.description)
        let condition = reasons.isEmpty ? nil : AgentConditions.sessionsNotReset(because: reasons)
        conditions.set(.sessionsNotReset, condition)
    }
}

extension OngoingSession {
    fileprivate init?(published session: PublishedSession) {
        guard let port = Port(number: session.asked.port, transport: .tcp) else { return nil }
        self.init(peer: session.peer.address, peerPort: session.peer.port, port: port)
    }
}

extension Opening {
    /// From everywhere to a port.
    static func all(to port: Port) -> [Opening] {
        ["0.0.0.0/0", "::/0"].compactMap { try? Prefix(parsing: $0) }
            .map { Opening(source: $0, port: port) }
    }
}

import Admission
import AgentInterface
import Auditing
import Conditions
import AgentSettings
import Connections
import Enforcement
import Grants
import Lifecycle
import Linux
import SystemPackage

/// The gate in the kernel, as far as this agent has written it.
final class FirewallWriter {
    /// The effects of another installation of the whole gate, for the parts that must follow them.
    struct News {
        /// Sessions that the kernel held before this agent are known now.
        var isFirst = false
        /// Other rules decide now.
        var hasNewRules = false
    }

    var gate: Firewall
    /// The failure of the last change; the whole gate is put there once the kernel takes it.
    private(set) var failure: GateError? {
        didSet {
            let condition = failure.map { GateConditions.changeRefused(because: $0.description) }
            conditions.set(.changeRefused, condition)
        }
    }
    /// True while the kernel has all that it was given.
    private(set) var isInstalled = false
    private var wasInstalled = false
    /// True while the rules in force have not put the gate there yet.
    private var isShapeNew = true
    private var news = News()
    /// The sessions of the last person who put a policy into force.
    private(set) var callers: Set<OngoingSession> = []
    /// The number of sessions that found no room when enforcing last began.
    private(set) var existingLeftOut = 0
    /// True if the log says that this boot has seen enforce mode.
    private let hadEnforced: Bool
    private let clocks: Clocks
    private let policy: PolicyManager
    private let grants: GrantTable
    private let audit: AuditWriter
    private let conditions: HostConditions

    init(
        _ gate: consuming Firewall,
        _ clocks: Clocks,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ conditions: HostConditions
    ) {
        self.gate = gate
        self.clocks = clocks
        self.policy = policy
        self.grants = grants
        self.audit = audit
        self.conditions = conditions
        let floor = audit.logState.clock
        hadEnforced = floor.bootID == policy.host.bootID && audit.logState.mode == "enforce"
    }

    /// Notes a change of policy: the next change installs the whole gate.
    func rulesChanged() {
        isInstalled = false
        isShapeNew = true
    }

    /// Notes a refusal of the kernel: the next change installs the whole gate.
    func fail(_ error: GateError) {
        isInstalled = false
        failure = error
    }

    /// Notes whether the agent hears of changes of the gate by others.
    func note(unwatched error: Errno?) {
        let condition = error.map { GateConditions.tableUnwatched(because: "\($0)") }
        conditions.set(.tableUnwatched, condition)
    }

    /// Notes the own sessions, as sshd names them, of somebody who puts a policy into force.
    func called(from connections: [SSHConnection]) {
        callers = Set(connections.compactMap(OngoingSession.init))
        existingLeftOut = 0
    }

    func takeNews() -> News {
        defer { news = News() }
        return news
    }

    // MARK: changes

    /// Puts a change of openings, and of the sessions that may go on, into the kernel.
    func apply(_ changes: [Opening: Moment?], _ sessions: [OngoingSession: Moment?]) {
        // The record of an opening may have taken long: its deadline stays, and may have passed.
        let now = clocks.read().closing
        let left = sessions.mapValues { $0?.left(at: now) }
        do {
            if isInstalled {
                try gate.commit(changes.mapValues { $0?.left(at: now) }, sessions: left)
                // All that closes is closed by now; the rest has another time left.
                if clocks.areTimeoutsOff { _ = try install(at: clocks.read().closing) }
            } else {
                gate.remember(left)
                _ = try install(at: now)
            }
        } catch {
            isInstalled = false
            gate.remember(left)
            // The content of the kernel is not known: install all of it, at once or later.
            do {
                _ = try install(at: now)
            } catch {
                failure = error
            }
        }
    }

    /// Answers changes of the gate by others quickly; `install` must follow, and repairs the rest.
    func restore(after extent: Tampering.Extent, at now: Moment) -> Bool {
        guard isInstalled else { return false }
        do {
            return try gate.restore(
                after: extent,
                trial: policy.commit.trial(at: now),
                open: openings(at: now)
            )
        } catch {
            return false
        }
    }

    /// Installs the whole gate, as far as the kernel does not have it; returns whether it changed
    /// anything.
    func install(at now: Moment) throws(GateError) -> Bool {
        var existing: ExistingSessions?
        let room = DrainingSessions.limit - gate.sessions.count
        let result = try gate.reconcile(
            policy.loaded.shape,
            trial: policy.commit.trial(at: now),
            open: openings(at: now)
        ) { ports, deniesAlready in
            existing = existingSessions(at: ports, deniesAlready: deniesAlready, room: room)
            return existing?.kept ?? []
        }
        if let existing { record(existing) }
        try rememberSenders()
        if !wasInstalled { news.isFirst = true }
        if isShapeNew, result.changed { news.hasNewRules = true }
        isShapeNew = false
        wasInstalled = true
        isInstalled = true
        clocks.noteTimeoutsRight()
        failure = nil
        let ownership = gate.table.ownership
        conditions.set(
            .tableNotOwned,
            ownership == .owned ? nil : GateConditions.tableNotOwned(ownership.rawValue)
        )
        return result.changed
    }

    private func openings(at now: Moment) -> [Opening: Duration] {
        grants.lifecycle.held.all.compactMapValues { $0.left(at: now) }
    }

    // MARK: sessions from before enforcing

    /// The sessions that exist when denying begins at ports; `nil` at the start of an agent if
    /// denying had begun before and no gate is left to say at which ports.
    private func existingSessions(
        at ports: [Port],
        deniesAlready: Bool,
        room: Int
    ) -> ExistingSessions? {
        guard wasInstalled || !hadEnforced || deniesAlready else { return nil }
        return ExistingSessions(
            at: ports,
            trusted: policy.policy.trusted,
            room: max(0, room),
            callers: callers
        )
    }

    /// Has the gate remember who sent datagrams to ports before denying began there.
    ///
    /// Conntrack forgets a sender half a minute after its last datagram at the earliest, so none is
    /// missed that sends something meanwhile.
    private func rememberSenders() throws(GateError) {
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

    private func record(_ existing: ExistingSessions) {
        existingLeftOut = existing.leftOut
        guard !existing.kept.isEmpty || existing.leftOut > 0 else { return }
        let limit = policy.policy.keepExisting.limit
        let end = limit.map { clocks.read().closing + $0 }
        audit.note(.existingKept(existing.kept.count, leavingOut: existing.leftOut, until: end))
    }
}

extension Moment {
    /// The time left until then; `nil` if it has come.
    fileprivate func left(at now: Moment) -> Duration? { self > now ? self - now : nil }
}

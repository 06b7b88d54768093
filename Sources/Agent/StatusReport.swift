import Admission
import AgentInterface
import Auditing
import Conditions
import AgentSettings
import Depot
import Enforcement
import Grants
import Lifecycle
import Linux

/// The state of the agent, for questions; it changes nothing.
final class StatusReport {
    private let audit: AuditWriter
    private let clocks: Clocks
    private let policy: PolicyManager
    private let grants: GrantTable
    private let firewall: FirewallWriter
    private let connections: ConnectionParts
    private let arrivals: ArrivalParts
    private let conditions: HostConditions
    /// The revision of the break-glass grants that the conditions tell of.
    private var breakGlassRevision = 0
    /// The held time that the conditions tell of.
    private var heldTime: AgentStatus.HeldTime?
    /// True while the conditions tell that there is no room for another bar.
    private var areBarsFull = false

    init(
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ firewall: FirewallWriter,
        _ connections: ConnectionParts,
        _ arrivals: ArrivalParts,
        _ conditions: HostConditions
    ) {
        self.audit = audit
        self.clocks = clocks
        self.policy = policy
        self.grants = grants
        self.firewall = firewall
        self.connections = connections
        self.arrivals = arrivals
        self.conditions = conditions
    }

    /// Notes the conditions that have changed in a turn.
    func noteConditions() {
        for (code, found) in arrivals.submissions.refused.takeConditions() ?? [:] {
            conditions.set(code, found)
        }
        if let unread = arrivals.files.takeUnread() {
            conditions.set(.dropUnreadable, unread.map(FileConditions.dropUnreadable))
        }
        arrivals.directories.noteConditions()
        note(audit.logState.breakGlass)
        let bars = grants.bars.count
        if (bars >= Bar.limit) != areBarsFull {
            areBarsFull.toggle()
            conditions.set(.barsFull, areBarsFull ? FileConditions.barsFull(bars) : nil)
        }
        note(clocks.heldTime(audit.logState.clock))
    }

    private func note(_ grants: BreakGlassGrants) {
        guard grants.revision != breakGlassRevision else { return }
        breakGlassRevision = grants.revision
        let unreviewed = grants.unreviewed.map { glass in
            (glass.grant.id, glass.grant.requestor, glass.openedAt)
        }
        conditions.set(.breakGlass, GrantConditions.breakGlass(unreviewed))
    }

    /// Time goes on while it is held: the condition says how far it is ahead, and since when.
    private func note(_ held: AgentStatus.HeldTime?) {
        guard held?.seconds != heldTime?.seconds || held?.since != heldTime?.since else { return }
        heldTime = held
        let condition = held?.condition
        for code in [ConditionCode.clockHeld, .clockAhead] {
            conditions.set(code, condition?.code == code.rawValue ? condition : nil)
        }
    }

    /// All that the signed status tells.
    func snapshot() -> StatusSnapshot {
        StatusSnapshot(
            report: status(),
            reading: .now(),
            host: policy.host,
            loaded: policy.loaded,
            grants: Array(grants.lifecycle.grants.all)
        )
    }

    func status() -> AgentStatus {
        let table = grants.lifecycle.grants
        // No event announces changes of these, so each question looks at them.
        let held = clocks.heldTime(audit.logState.clock, at: .now())
        note(held)
        conditions.set(.keepFreeReached, connections.packets.diskCondition, at: .now())
        noteCarriers()
        return AgentStatus(
            mode: policy.policy.mode,
            conditions: conditions.all,
            openGrants: table.openCount,
            waitingGrants: table.waitingCount,
            drainingGrants: table.drainingCount,
            ongoingSessions: firewall.gate.sessions.count,
            nextDeadline: grants.lifecycle.nextDeadline,
            protectedPorts: policy.policy.protectedPorts,
            trusted: policy.policy.trusted,
            version: Release.version,
            bootID: policy.host.bootID,
            records: Int(audit.logState.nextSequence),
            tableOwnership: firewall.gate.table.ownership.rawValue,
            trialUntil: policy.commit.deadline,
            heldTime: held,
            bulletin: bulletin
        )
    }

    private var bulletin: AgentStatus.FleetBulletin? {
        let bulletins = arrivals.bulletins
        return policy.policy.freshness.map { rule in
            AgentStatus.FleetBulletin(
                fleet: rule.fleet,
                isStale: bulletins.isStale,
                bulletins.taken?.bulletin,
                digest: bulletins.taken?.digest,
                revokedKeys: bulletins.revokedKeyCount
            )
        }
    }

    /// Looks at what the carriers of the inboxes say of their depots.
    private func noteCarriers() {
        let now = ClockReading.now()
        let moment = Moment(microseconds: now.wallMicroseconds)
        let inboxes = policy.configuration.inboxes
        guard !inboxes.isEmpty else { return }
        let found = inboxes.compactMap { inbox in
            Self.carrier(of: inbox)?.conditions(of: inbox.directory, at: moment)
        }
        conditions.set(.depotSilent, found.compactMap(\.silence), at: now)
        conditions.set(.depotIncomplete, found.compactMap(\.gap), at: now)
        conditions.set(.depotCertificateExpires, found.compactMap(\.certificate), at: now)
    }

    private static func carrier(of inbox: Inbox) -> CarrierReport? {
        let (file, limit) = (inbox.carrierState, CarrierReport.fileLimit)
        let bytes = try? SmallFile.read(file, limit: limit, awaiting: false)
        return CarrierReport(parsing: bytes ?? [])
    }

    /// One line for people, which changes only when something happens.
    var summary: String {
        let count = grants.lifecycle.grants.openCount
        let mode = policy.policy.mode.rawValue
        var text = "\(mode): \(count == 0 ? "no grant" : count.counting("grant")) open"
        if let next = grants.lifecycle.nextDeadline { text += ", the next deadline is \(next)" }
        if let worst = conditions.worst { text += "; problem: \(worst.message)" }
        return text
    }
}

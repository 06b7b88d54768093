import AgentInterface
import Auditing
import AgentSettings
import Enforcement
import Grants
import Lifecycle
import Linux
import Netfilter
import Recording
import SystemPackage

/// Carries out the step that is due: records openings, changes the kernel, records endings.
final class Reconciler {
    /// The pause before something that disk or kernel refused is tried again.
    private static let retry = Duration.seconds(5)
    /// The most endings at once that are counted: each costs microseconds that all others wait.
    private static let countedEndings = 1000

    private let clocks: Clocks
    private let audit: AuditWriter
    private let policy: PolicyManager
    private let grants: GrantTable
    private let firewall: FirewallWriter
    private let tamper: TamperResponder
    private let connections: ConnectionParts
    private let submissions: Submissions
    private let cleanup: FileCleanup

    init(
        _ clocks: Clocks,
        _ audit: AuditWriter,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ firewall: FirewallWriter,
        _ tamper: TamperResponder,
        _ connections: ConnectionParts,
        _ submissions: Submissions,
        _ cleanup: FileCleanup
    ) {
        self.clocks = clocks
        self.audit = audit
        self.policy = policy
        self.grants = grants
        self.firewall = firewall
        self.tamper = tamper
        self.connections = connections
        self.submissions = submissions
        self.cleanup = cleanup
    }

    /// Does all that is due at a moment; returns whether grants have changed.
    func reconcile(at now: Now) -> Bool {
        let orders = revoke()
        var step = grants.lifecycle.step(at: now.closing, opening: now.opening)
        let hasChanged = grants.takeArrivals() || !step.isEmpty
        // What grants that end let in is known as long as they are there; no disk is waited for yet.
        let isCounting = !step.endings.isEmpty && !clocks.hasSlept
        let visits = isCounting ? connections.packets.collect() : nil
        record(&step, at: now)
        let (sessions, draining) = connections.drains.changes(for: step)
        // A counter goes with its opening.
        let carried = traffic(of: step)
        let changes = grants.lifecycle.apply(&step, draining: draining)
        write(changes, sessions)
        let done = ClockReading.now()
        connections.resets.carryOut(step)
        if let visits { connections.packets.record(visits) }
        for ending in step.endings { audit.hold(records(of: ending, carried)) }
        // After the ends that it brought about: until then its file is needed.
        audit.hold(orders.compactMap(\.record))
        if firewall.isInstalled {
            grants.lifecycle.committed()
            audit.releaseHeld(at: done)
        }
        if !audit.isWaiting { grants.lifecycle.closingsRecorded() }
        removeFiles(of: step)
        return hasChanged
    }

    private func revoke() -> [PendingRevocation] {
        let (done, barred) = grants.takeRevocations()
        for entry in barred { audit.note(entry) }
        for order in done {
            if order.selection.all { connections.drains.endKept(in: audit, order.origin) }
            submissions.finish(order)
        }
        return done
    }

    /// The records that say a port opens come before the kernel; without them nothing opens.
    private func record(_ step: inout Step, at now: Now) {
        guard step.needsRecords || audit.isWaiting else { return }
        var entries: [AuditEntry] = []
        for entry in step.accepted {
            guard let provenance = entry.provenance else { continue }
            entries.append(.accepted(provenance, entry.evidence?.fields ?? [:]))
        }
        for (entry, deadline) in step.opened {
            guard let provenance = entry.provenance else { continue }
            if !provenance.breakGlass.isEmpty {
                entries.append(.breakGlassOpened(provenance, until: deadline))
            }
            entries.append(.opened(provenance, until: deadline))
            entries += grants.bars(by: entry)
        }
        do {
            try audit.append(entries, at: .now())
            grants.lifecycle.recorded(step)
            if !step.opened.isEmpty { clocks.confirmSteps() }
        } catch {
            grants.lifecycle.notRecorded(&step, retryAt: now.closing + Self.retry)
        }
    }

    private func write(_ changes: [Opening: Moment?], _ sessions: [OngoingSession: Moment?]) {
        firewall.apply(changes, sessions)
        let news = firewall.takeNews()
        if news.isFirst { connections.drains.adoptSessions() }
        if news.hasNewRules { connections.resets.rulesChanged() }
        tamper.watch()
    }

    // MARK: endings

    /// The traffic so far of the openings of grants that end; empty if the kernel does not say.
    ///
    /// If very many end in one moment, they are not held open to be counted.
    private func traffic(of step: Step) -> [Opening: Traffic] {
        let open = step.endings.lazy.filter(\.phase.isOpen)
        guard step.endings.count <= Self.countedEndings, firewall.isInstalled else { return [:] }
        let openings = Set(open.flatMap(\.entry.openings))
        guard !openings.isEmpty else { return [:] }
        // A count is worth less than the change that waits for it.
        return (try? firewall.gate.traffic(of: openings)) ?? [:]
    }

    /// The records of an end, or of a deadline after which sessions go on.
    private func records(of ending: Ending, _ carried: [Opening: Traffic]) -> [AuditEntry] {
        let id = ending.id
        guard let provenance = ending.entry.provenance else { return recordOfUnseen(ending) }
        if ending.phase.isDraining { return [connections.drains.ended(ending, provenance)] }
        let counted = ending.entry.fields(carried, connections.monitor.takeCount(of: id))
        if let until = ending.drainsUntil {
            return [connections.drains.began(id, provenance, until: until, counted)]
        }
        let fields = ending.fields.merging(counted) { order, _ in order }
        return connections.uses.takeUnrecorded(of: id)
            + [.closed(provenance, because: ending.reason, carried: fields)]
    }

    /// If no file of a grant was read, the log knows enough.
    private func recordOfUnseen(_ ending: Ending) -> [AuditEntry] {
        guard let live = audit.logState.grantStates[ending.id]?.live else { return [] }
        return [.closed(live, because: ending.reason, carried: ending.fields)]
    }

    /// Removes the files of ended grants, as policy says.
    ///
    /// While the disk takes no records only the files tell the next agent what was revoked: those of
    /// grants go then in any case, those of revocations stay. A grant that the log holds is marked.
    private func removeFiles(of step: Step) {
        let removesAll = policy.configuration.endedFiles == .remove
        for ending in step.endings {
            // A file that is kept still ends a draining grant when it goes.
            if ending.drainsUntil != nil, !removesAll { continue }
            let files = grants.removeFiles(of: ending.id)
            if audit.isWaiting, ending.reason.isRevocation,
                let live = audit.logState.grantStates[ending.id]?.live, live.origin == .inbox
            {
                cleanup.markRevoked(live.digest)
            }
            if removesAll || audit.isWaiting && ending.reason.isRevocation {
                cleanup.remove(files)
            }
        }
        if !audit.isWaiting { cleanup.allRecorded() }
    }

    // MARK: the next wake-up

    /// True while something that disk or kernel refused must be tried again.
    private var triesAgain: Bool {
        !firewall.isInstalled || audit.isWaiting || !connections.monitor.isListening
            || policy.hasKeyProblem
    }

    /// The moment of the next work if nothing happens before; `others` are moments of other parts.
    func nextWake(at now: Now, _ others: [Moment?], triesAgain: Bool) -> Moment? {
        let dues =
            others + [
                grants.lifecycle.nextWake(after: now.closing, on: clocks.timeline),
                policy.commit.deadline, tamper.due(at: now.closing),
                connections.drains.due(at: now.closing),
                triesAgain || self.triesAgain ? now.closing + Self.retry : nil,
            ]
        return dues.compactMap(\.self).min()
    }
}

extension Ending {
    /// The fields that tell who or what brought the ending about.
    var fields: [AuditField: [String]] {
        var fields = entry.origin?.fields ?? [:]
        if let id = entry.superseder { fields[.superseder] = [id.description] }
        return fields
    }
}

extension Lifecycle.Entry {
    /// Packets and bytes of all its openings together; `nil` if none was counted.
    func total(_ carried: [Opening: Traffic]) -> Traffic? {
        let counts = openings.compactMap { carried[$0] }
        guard phase.isOpen, let first = counts.first else { return nil }
        return counts.dropFirst().reduce(first, +)
    }

    /// The same as fields of the record that closes it.
    fileprivate func fields(
        _ carried: [Opening: Traffic],
        _ connections: Int
    ) -> [AuditField: [String]] {
        guard phase.isOpen else { return [:] }
        var fields: [AuditField: [String]] = [.connections: [String(connections)]]
        guard let total = total(carried) else { return fields }
        fields[.packets] = [String(total.packets)]
        fields[.bytes] = [String(total.bytes)]
        return fields
    }
}

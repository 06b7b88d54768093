import Auditing
import AgentSettings
import Enforcement
import Glibc
import Grants
import Lifecycle
import Linux
import Recording
import Scheduling
import SystemPackage

/// The order of a turn: the moment, the event, the work that is due, and the next wake-up.
///
/// A turn reads the clocks once and hands the moment down; after it read files or waited for the
/// disk it reads them again, since what is due then is due.
final class Turns {
    private let clocks: Clocks
    private let audit: AuditWriter
    private let policy: PolicyManager
    private let grants: GrantTable
    private let arrivals: ArrivalParts
    private let cleanup: FileCleanup
    private let firewall: FirewallWriter
    private let tamper: TamperResponder
    private let connections: ConnectionParts
    private let reconciler: Reconciler
    private let reporters: Reporters
    private let questions: Questions
    private let status: StatusReport
    private let attestor: Attestor

    init(
        _ clocks: Clocks,
        _ audit: AuditWriter,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ arrivals: ArrivalParts,
        _ cleanup: FileCleanup,
        _ firewall: FirewallWriter,
        _ tamper: TamperResponder,
        _ connections: ConnectionParts,
        _ reporters: Reporters,
        _ questions: Questions,
        _ status: StatusReport,
        _ attestor: Attestor
    ) {
        (self.clocks, self.audit, self.policy) = (clocks, audit, policy)
        (self.grants, self.arrivals) = (grants, arrivals)
        (self.cleanup, self.firewall, self.tamper) = (cleanup, firewall, tamper)
        (self.connections, self.reporters, self.questions) = (connections, reporters, questions)
        (self.status, self.attestor) = (status, attestor)
        reconciler = Reconciler(
            clocks,
            audit,
            policy,
            grants,
            firewall,
            tamper,
            connections,
            arrivals.submissions,
            cleanup
        )
    }

    // MARK: the beginning and the end

    /// Goes on where the log ended: every file, then one installation of the whole gate.
    ///
    /// `problem` is the reason that the policy on disk is not in force.
    func start(despite problem: String?) {
        let now = clocks.read()
        clocks.recordStep(atLeast: 1_000_000, in: audit)
        if !undoStep() { clocks.recordBehindLog(in: audit) }
        audit.recordHostChange()
        connections.monitor.listen()
        connections.drains.policyChanged(at: now.closing)
        policy.begin(despite: problem)
        arrivals.bulletins.endRevoked()
        if policy.endTrial(ifOverAt: now.closing) {
            policyChanged(at: now)
        } else {
            policy.announce()
            arrivals.judgeEverything()
        }
        reconcile()
        connections.packets.takeDeniedCount()
        audit.note(AuditEntry(.agentStarted, "The agent runs"))
        report()
    }

    /// Begins to answer callers.
    func announce() {
        reporters.announce()
        tellService()
    }

    /// Ends the agent's work; the gate goes on without it.
    func stop() {
        reporters.stopping()
        connections.packets.noteLeftOut()
        audit.note(AuditEntry(.agentStopped, "The agent stops; the gate stays as it is"))
        report()
        reporters.stopJournal()
        cleanup.save()
        tellService()
    }

    // MARK: turns

    /// The timer rang.
    func timePassed() {
        run { now in
            connections.monitor.listen()
            let events = arrivals.directories.poll(at: now.closing)
            if !events.isEmpty { take(events, at: now) }
            if policy.endTrial(ifOverAt: now.closing)
                || policy.hasKeyProblem && policy.followKeys()
            {
                policyChanged(at: now)
            } else {
                if arrivals.offers.hasUnread { arrivals.offers.judgeAdopted() }
                if !arrivals.files.unread.isEmpty { arrivals.files.readAgain() }
            }
        }
    }

    /// Runs one turn: first changes of the gate by others, then a step of the clocks, then the
    /// event, then the work that is due.
    func run<Result, Failure: Error>(
        recordingStepsOf least: Int64 = 1_000_000,
        _ body: (Now) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var now = clocks.read()
        tamper.answerIfDue(at: now.closing)
        clocks.recordStep(atLeast: least, in: audit)
        if undoStep() {
            arrivals.judgeEverything()
            now = clocks.read()
        }
        defer { reconcile() }
        return try body(now)
    }

    /// Handles a change of the ruleset by another process; returns whether that concerns the gate.
    func rulesetChanged() -> Bool { tamper.rulesetChanged(at: clocks.read().closing) }

    /// Handles changes in the directories or of the files of keys.
    func take(_ events: [DirectoryEvent], at now: Now) {
        let changes = DirectoryChanges(events)
        let files = arrivals.files
        let takesListing = files.take(changes)
        let isRenamed = policy.followHostname()
        if isRenamed || changes.concernsFile && policy.followKeys() {
            policyChanged(at: now)
        } else if takesListing {
            files.readEverything()
        } else {
            files.readArrivals(changes)
        }
    }

    /// Holds every grant to the rules that are in force now, which are on record.
    func policyChanged(at now: Now) {
        questions.stateChanged()
        firewall.rulesChanged()
        connections.drains.policyChanged(at: now.closing)
        arrivals.judgeEverything()
    }

    /// Goes back behind a step forward that was taken back; returns whether it did.
    ///
    /// Not while a policy is on trial, which would last longer by it.
    private func undoStep() -> Bool {
        guard policy.commit.deadline == nil, clocks.undoStep(in: audit) else { return false }
        timeWentBack()
        return true
    }

    /// Keeps postponed work from waiting longer by as much as time went back.
    func timeWentBack() {
        grants.lifecycle.timeWentBack()
        tamper.timeWentBack(to: clocks.timeline.closing)
    }

    // MARK: the end of a turn

    /// Does all that is due, and sets the timer for the next work.
    func reconcile() {
        let now = clocks.read()
        let files = arrivals.files
        arrivals.bulletins.update(at: now.closing)
        arrivals.submissions.recordRefusals(at: now.closing, isBusy: files.isBusy)
        files.endFileless()
        if reconciler.reconcile(at: clocks.read()) { questions.stateChanged() }
        // Openings do not wait for the records of strangers.
        if !clocks.hasSlept { connections.packets.takePackets() }
        arrivals.offers.recordRefused(at: now.closing, connections.packets)
        tamper.record(at: now.closing)
        connections.warnings.send(at: now.closing)
        connections.drains.watchSessions()
        files.scheduleRest()
        arm(at: now)
        report()
    }

    private func arm(at now: Now) {
        let isBusy = arrivals.files.isBusy
        let others = [
            connections.packets.due(at: now), arrivals.directories.nextPoll(after: now.closing),
            arrivals.submissions.due(at: now.closing, isBusy: isBusy),
            arrivals.offers.due(at: now.closing), arrivals.bulletins.due(at: now.closing),
        ]
        let triesAgain = !arrivals.files.unread.isEmpty || arrivals.offers.hasUnread
        let wake = reconciler.nextWake(at: now, others, triesAgain: triesAgain)
        do {
            try clocks.arm(at: wake)
        } catch {
            // The service manager starts it again; the kernel's timeouts hold meanwhile.
            let text = "The agent stops: its alarm cannot be set: \(error)"
            audit.note(AuditEntry(.agentStopped, text))
            exit(EX_OSERR)
        }
    }

    /// Reports news to those who wait; every record that it tells of is on disk.
    func report() {
        reporters.publish(audit.takePublished())
        arrivals.submissions.report()
        status.noteConditions()
        attestor.tellChange()
        tellService()
        cleanup.tidy()
    }

    func tellService() {
        reporters.tell(status.summary, works: firewall.failure == nil)
    }
}

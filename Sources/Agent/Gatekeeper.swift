import Admission
import Auditing
import Configuration
import Control
import Dispatch
import Enforcement
import Grants
import Linux
import Netfilter
import Recording
import Scheduling

/// The one actor: it owns the timetable, the log and the gate, and does everything in order.
///
/// All ends in `settle`: record openings, change the kernel, record closings, arm, tell who waits.
actor Gatekeeper {
    /// How soon what the disk or the kernel did not take is tried again.
    static let retry = Duration.seconds(5)

    /// What an agent is made of.
    struct Parts: ~Copyable {
        let policyPath: String
        let host: HostFacts
        let rulebook: Rulebook
        let tenure: Tenure
        let alarm: Alarm
        let watch: DirectoryWatch
        var trail: AuditTrail
        var gate: KernelGate
        let service: ServiceReport
        var journal: JournalCopy
        var visitors: Visitors
    }

    let executor: EngineExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    let policyPath: String
    var host: HostFacts
    let alarm: Alarm
    let watch: DirectoryWatch
    var rulebook: Rulebook
    var tenure: Tenure
    var trail: AuditTrail
    var gate: KernelGate
    var journal: JournalCopy
    /// Waking up and committing take less than this, so that nothing outlives its deadline.
    var timetable = Timetable(lead: .milliseconds(4))
    var timeline: Timeline
    /// What the clocks said last.
    var lastReading: ClockReading
    /// The wall clock's offset to CLOCK_BOOTTIME as records tell it.
    var recordedWallOffset: Int64
    /// The timeline's offset that the kernel's timeouts go by.
    var kernelOffset: Int64
    /// How long the machine had been suspended when the kernel's timeouts were last right.
    var suspended = ClockReading.suspendedMicroseconds()
    var facts: [GrantID: GrantFacts] = [:]
    var files = FileIndex()
    var board = VerdictBoard()
    var watchers = Watchers()
    var questions = Questions()
    /// Accepted grants whose record is not on disk yet, with what it carries as evidence.
    var unrecorded: [GrantID: [AuditField: [String]]] = [:]
    /// Admitted files whose verdict nobody was told yet.
    var fresh: [AdmittedFile] = []
    /// Grants whose last file said something else or was gone, and why that ends them.
    var orphans: [GrantID: EndReason] = [:]
    /// Records of refused files, not yet made: many at once share one fsync.
    var refusals = RefusalTally()
    /// Files that are there and count for nothing.
    var refused = RefusedFiles()
    /// Files that wait to be read.
    var intake = Intake()
    let workers = Workers()
    /// What revocations name, not yet acted on.
    var revocations: [PendingRevocation] = []
    /// Who asked for the end of a grant and why, until its closing is recorded.
    var orders: [GrantID: [AuditField: [String]]] = [:]
    /// Tells of what happens to files; `nil` while inotify has no room for it.
    var fileSource: DescriptorSource?
    /// When the directories that inotify does not watch are looked at next.
    var pollDue: Moment?
    /// Drop directories, and files in them, that are there and could not be read.
    var unread: Set<String> = []
    /// Files whose grants have ended, to be removed if they are still what was read.
    var leftovers: [String: FileIdentity] = [:]
    /// Files of revocations that did their work, to be removed likewise once that is on disk.
    var spent: [String: FileIdentity] = [:]
    var isTidying = false
    /// Where the disk is waited for.
    let disk = DispatchQueue(label: "io.jitgate.disk")
    /// Closings that the kernel has not carried out yet.
    var closings: [AuditEntry] = []
    /// Grants whose end the log could not be told of yet.
    var untold: [GrantID: Standing] = [:]
    /// Why the kernel did not take the last change; the whole gate is put there when it does.
    var gateProblem: String?
    var isInstalled = false
    var wasInstalled = false
    /// Whether the gate was not put there yet by the rules in force.
    var isShapeNew = true
    /// Only where others can change the table.
    var defence: TamperDefence?
    /// Whether the log says that this boot has seen enforce mode.
    let hadEnforced: Bool
    var visitors: Visitors
    var ongoing = DrainingSessions()
    /// Why the policy on disk is not the one in force.
    var policyProblem: String?
    var service: ServiceReport
    /// Whether callers are heard: the last thing that makes the agent ready.
    var isListening = false
    /// Why the allowed signers on disk are not those in force.
    var signersProblem: String?

    init(_ executor: EngineExecutor, _ parts: consuming sending Parts) {
        self.executor = executor
        policyPath = parts.policyPath
        host = parts.host
        rulebook = parts.rulebook
        tenure = parts.tenure
        alarm = parts.alarm
        watch = parts.watch
        lastReading = .now()
        recordedWallOffset = lastReading.wallOffset
        let floor = parts.trail.ledger.clock
        timeline = floor.resumed(by: Timeline(lastReading), in: host.bootID)
        kernelOffset = timeline.offset
        service = parts.service
        hadEnforced = floor.bootID == host.bootID && parts.trail.ledger.mode == "enforce"
        visitors = parts.visitors
        visitors.connections = parts.trail.ledger.connections
        trail = parts.trail
        gate = parts.gate
        journal = parts.journal
    }

    // MARK: what happens

    /// Takes up where the log ended: every file, then one installation of the whole gate.
    ///
    /// A `problem` is why this is not by the policy on disk but by the last one that was in force.
    func start(despite problem: String?) {
        if !followClocks() { noteClockBehindLog() }
        noteHostChanged()
        listenForPackets()
        resumeDraining()
        if let problem { notePolicyRefused(problem) }
        if let problem = rulebook.signersProblem { noteSignersRefused(problem) }
        if !endTrialIfOver() {
            trail.note(loadedEntries(rulebook, tenure), at: .now())
            keepPolicy()
            rescan()
        }
        takeDeniedCount()
        note(AuditEntry(.agentStarted, "The agent runs"))
        report()
    }

    /// The alarm rang.
    func timePassed() {
        listenForPackets()
        pollFiles()
        guard !endTrialIfOver(), signersProblem == nil || !signersChanged() else { return }
        if unread.isEmpty { settle() } else { readAgain() }
    }

    // MARK: the one way

    func settle() {
        answerTampering()
        if followClocks() { return rescan() }
        // After a resume what is due cannot wait for a disk that has just woken up, too.
        if !hasSlept { takePackets() }
        recordRefusals()
        endOrphans()
        takeRevocations()
        let now = read()
        var agenda = timetable.agenda(at: now, opening: timeline.opening)
        if !agenda.isEmpty { questions.revision += 1 }
        recordOpenings(&agenda, at: now)
        let sessions = takeSessionChanges(&agenda)
        // A counter goes with its opening.
        let carried = traffic(of: agenda)
        apply(timetable.carryOut(agenda, at: now), sessions)
        let done = ClockReading.now()
        cutSessions(of: agenda)
        let left =
            agenda.endings.map { close($0, carried) }
            + agenda.drainings.map { beginDraining($0, carried) }
        if isInstalled {
            // Many at once share one fsync.
            trail.note(closings, at: done)
            closings = []
        }
        if closings.isEmpty, !trail.isWaiting { untold = [:] }
        removeFiles(left)
        recordTampering(at: now)
        warnSessions(at: now)
        watchSessions()
        arm(after: now)
        report()
    }

    /// The records that say a port opens come before the kernel; without them nothing opens.
    private func recordOpenings(_ agenda: inout Agenda, at now: Moment) {
        guard !unrecorded.isEmpty || !agenda.openings.isEmpty || trail.isWaiting else { return }
        let ended = Set(agenda.endings.map(\.scheduled.id))
        var entries: [AuditEntry] = []
        for (id, evidence) in unrecorded.sorted(by: { $0.key < $1.key }) where !ended.contains(id) {
            if let facts = facts[id] { entries.append(.accepted(facts, evidence)) }
        }
        for scheduled in agenda.openings {
            guard let facts = facts[scheduled.id] else { continue }
            entries.append(.opened(facts, until: scheduled.grant.deadline(openingAt: now)))
        }
        do {
            try trail.append(entries, at: .now())
            unrecorded = [:]
            if !agenda.openings.isEmpty { timeline.confirmSteps() }
        } catch {
            for scheduled in agenda.openings {
                timetable.postpone(scheduled.id, until: now + Self.retry)
            }
            agenda.openings = []
        }
    }
}

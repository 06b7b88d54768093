import Admission
import Auditing
import Configuration
import Enforcement
import Glibc
import Grants
import Linux
import Netfilter
import Recording
import Scheduling
import Signatures

/// The one actor: it owns the timetable, the log and the gate, and does everything in order.
///
/// Whatever happens ends in `settle`: record what opens, change the kernel, record what closed,
/// arm the alarm.
actor Gatekeeper {
    /// How soon an opening that could not be recorded or made is tried again.
    private static let retry = Duration.seconds(5)

    let executor: EngineExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    let configuration: Configuration
    let reception: Reception
    let shape: GateShape
    let alarm: Alarm
    var trail: AuditTrail
    var gate: KernelGate
    var timetable = Timetable()
    var timeline: Timeline
    var facts: [GrantID: GrantFacts] = [:]
    /// Which live grant each file holds.
    var files: [String: GrantID] = [:]
    /// Accepted grants whose record is not on disk yet.
    var unrecorded: Set<GrantID> = []
    var isInstalled = false
    /// Ids that signed revocations name, not yet acted on, with the fields of their records.
    var revocations: [(ids: [GrantID], fields: [AuditField: [String]])] = []

    init(
        _ executor: EngineExecutor,
        configuration: Configuration,
        reception: Reception,
        trail: consuming sending AuditTrail,
        gate: consuming sending KernelGate,
        alarm: Alarm,
        bootID: String
    ) {
        self.executor = executor
        self.configuration = configuration
        self.reception = reception
        self.alarm = alarm
        let policy = configuration.policy
        shape = GateShape(
            denies: policy.mode == .enforce,
            protected: policy.ports.keys.sorted(),
            trusted: policy.trusted,
            logGroup: configuration.logGroup,
            deniedPerSecond: configuration.deniedPerSecond
        )
        let reading = ClockReading.now()
        timeline = Timeline(
            wall: Moment(microseconds: reading.wallMicroseconds),
            boot: reading.bootMicroseconds
        )
        let floor = trail.ledger.clock
        if let moment = floor.moment {
            timeline.raise(to: moment, boot: floor.bootID == bootID ? floor.boot : nil)
        }
        self.trail = trail
        self.gate = gate
    }

    // MARK: what happens

    /// Takes up where the log ended: every file, then one installation of the whole gate.
    func start() {
        note(
            AuditEntry(
                .policyLoaded,
                "Policy loaded, in \(shape.denies ? "enforce" : "observe") mode"
            )
        )
        rescan()
        note(AuditEntry(.agentStarted, "The agent runs"))
    }

    func stop() {
        note(AuditEntry(.agentStopped, "The agent stops; the gate stays as it is"))
    }

    /// The alarm rang or the clock was set.
    func timePassed() {
        settle()
    }

    func take(_ events: [DirectoryEvent]) {
        var scan = TrustedFile()
        for event in events {
            switch event {
            case .arrived(let directory, let name): receive(directory + "/" + name, &scan)
            case .removed(let directory, let name): forget(directory + "/" + name)
            case .gone(let directory):
                files.keys.filter { $0.hasPrefix(directory + "/") }.forEach(forget)
            case .appeared, .overflowed: return rescan()
            }
        }
        settle()
    }

    // MARK: the one way

    func settle() {
        revoke()
        let now = read()
        var agenda = timetable.agenda(at: now)
        recordOpenings(&agenda, at: now)
        let changes = timetable.carryOut(agenda, at: now)
        apply(changes.mapValues { $0.map { $0 - now } }, at: now)
        // Many at once share one fsync.
        trail.note(agenda.endings.compactMap(close), at: .now())
        arm(after: now)
    }

    /// The records that say a port opens come before the kernel; without them nothing opens.
    private func recordOpenings(_ agenda: inout Agenda, at now: Moment) {
        let ended = Set(agenda.endings.map(\.scheduled.id))
        var entries: [AuditEntry] = []
        for id in unrecorded.sorted() where !ended.contains(id) {
            if let facts = facts[id] { entries.append(.accepted(facts)) }
        }
        for scheduled in agenda.openings {
            guard let facts = facts[scheduled.id] else { continue }
            entries.append(.opened(facts, until: scheduled.grant.deadline(openingAt: now)))
        }
        do {
            try trail.append(entries, at: .now())
            unrecorded = []
        } catch {
            for scheduled in agenda.openings {
                timetable.postpone(scheduled.id, until: now + Self.retry)
            }
            agenda.openings = []
        }
    }

    private func apply(_ changes: [Opening: Duration?], at now: Moment) {
        do {
            if isInstalled {
                try gate.commit(changes)
            } else {
                try gate.install(shape, open: timetable.desired.mapValues { $0 - now })
                isInstalled = true
            }
        } catch {
            // What the kernel holds is not known: put all of it there at the next occasion.
            isInstalled = false
        }
    }

    /// Forgets a grant that has ended, and its file; answers the record of it.
    private func close(_ ending: Ending) -> AuditEntry? {
        let id = ending.scheduled.id
        unrecorded.remove(id)
        guard let facts = facts.removeValue(forKey: id) else { return nil }
        if files[facts.file] == id {
            files[facts.file] = nil
            if configuration.endedFiles == .remove { DirectoryWatch.remove(facts.file) }
        }
        return .closed(facts, because: ending.reason)
    }

    private func arm(after now: Moment) {
        let due = timetable.nextWake(after: now)
        let wake = isInstalled ? due : min(due ?? .init(microseconds: .max), now + Self.retry)
        do {
            if let wake {
                try alarm.arm(atBootMicroseconds: timeline.boot(at: wake))
            } else {
                try alarm.disarm()
            }
        } catch {
            // Started anew by whoever watches over it; the kernel's timeouts hold meanwhile.
            note(AuditEntry(.agentStopped, "The agent stops: its alarm cannot be set: \(error)"))
            exit(70)
        }
    }

    func note(_ entry: AuditEntry) {
        trail.note([entry], at: .now())
    }

    func read() -> Moment {
        let reading = ClockReading.now()
        return timeline.read(
            wall: Moment(microseconds: reading.wallMicroseconds),
            boot: reading.bootMicroseconds
        )
    }
}

import AgentInterface
import Auditing
import AgentSettings
import Glibc
import Grants
import Linux
import Recording
import SystemPackage
import Varlink

/// The event loop: one event or call a turn, on one queue, and at its end all that is due.
actor AgentLoop {
    let executor: EngineExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    private let events: LoopEvents
    private let audit: AuditWriter
    private let arrivals: ArrivalParts
    private let cleanup: FileCleanup
    private let connections: ConnectionParts
    private let turns: Turns
    private let calls: ControlCalls
    let reporters: Reporters
    let questions: Questions
    let attestor: Attestor

    init(_ executor: EngineExecutor, _ parts: consuming sending AgentParts) {
        self.executor = executor
        let (watch, audit, host) = (parts.watch, parts.audit, parts.host)
        let (loaded, events) = (parts.loaded, LoopEvents(executor))
        let conditions = parts.conditions
        let clocks = Clocks(
            parts.timer,
            resuming: audit.logState.clock,
            in: host.bootID,
            conditions
        )
        let policy = PolicyManager(
            at: parts.policyPath,
            loaded,
            parts.commit,
            on: host,
            audit,
            watch,
            conditions
        )
        let grants = GrantTable(audit)
        let cleanup = FileCleanup(audit, events)
        let bulletins = Bulletins(policy, grants, audit, clocks, conditions)
        let submissions = Submissions(policy, grants, audit, clocks, cleanup, bulletins)
        let counts = audit.logState.connections
        let reporters = Reporters(parts.notifier, parts.journal, conditions)
        let monitor = ConnectionMonitor(
            parts.prover,
            loaded.configuration,
            resuming: counts,
            events,
            conditions
        )
        let firewall = FirewallWriter(parts.gate, clocks, policy, grants, audit, conditions)
        let resets = SessionResets(parts.cutter, firewall, policy, grants, conditions)
        let connections = ConnectionParts(
            monitor,
            resets,
            firewall,
            policy,
            grants,
            audit,
            clocks,
            events
        )
        let tamper = TamperResponder(firewall, audit, events)
        let directories = DropDirectories(watch, parts.inboxWatch, policy, events, conditions)
        let inboxes = parts.inboxWatch.map { InboxReader(loaded.configuration.inboxes, $0) }
        let arrivals = ArrivalParts(
            directories,
            inboxes,
            submissions,
            policy,
            grants,
            audit,
            cleanup,
            clocks,
            events,
            conditions
        )
        let questions = Questions(clocks, policy, grants, audit, firewall, connections, events)
        let status = StatusReport(
            audit,
            clocks,
            policy,
            grants,
            firewall,
            connections,
            arrivals,
            conditions
        )
        let attestor = Attestor(audit, status, questions, conditions, events)
        let turns = Turns(
            clocks,
            audit,
            policy,
            grants,
            arrivals,
            cleanup,
            firewall,
            tamper,
            connections,
            reporters,
            questions,
            status,
            attestor
        )
        calls = ControlCalls(
            turns,
            audit,
            clocks,
            policy,
            grants,
            firewall,
            connections,
            arrivals,
            reporters,
            questions,
            status,
            attestor
        )
        (self.events, self.audit, self.cleanup) = (events, audit, cleanup)
        (self.arrivals, self.connections, self.turns) = (arrivals, connections, turns)
        (self.reporters, self.questions) = (reporters, questions)
        self.attestor = attestor
    }

    // MARK: the beginning and the end

    /// Begins to receive events of files.
    func listen() throws(Errno) {
        events.attach(to: self)
        arrivals.offers.listen()
        try arrivals.directories.listen()
    }

    /// Goes on where the log ended; `problem` is the fault of the policy on disk.
    func start(despite problem: String?) { turns.start(despite: problem) }

    /// Begins to answer callers.
    func announce() { turns.announce() }

    /// Ends the agent's work; the gate goes on without it.
    func stop() { turns.stop() }

    // MARK: events

    /// Handles an event of a part of the agent.
    func take(_ event: LoopEvent) {
        switch event {
        case .filesChanged: turns.run { turns.take(arrivals.directories.takeEvents(), at: $0) }
        case .filesWait: turns.run { _ in arrivals.files.readPortion() }
        case .filesToRemove: cleanup.continueTidying()
        case .packetsCame:
            if connections.packets.packetsCame() { turns.run { _ in } } else { turns.report() }
        case .socketsEnded: if connections.drains.socketsEnded() { turns.run { _ in } }
        case .rulesetChanged: if turns.rulesetChanged() { turns.run { _ in } }
        }
    }

    /// The timer rang.
    func timePassed() { turns.timePassed() }

    /// Handles a step of the wall clock, or a resume, in which both clocks go on together.
    func clockSet() { turns.run(recordingStepsOf: 1_000) { _ in } }

    /// Handles a signal.
    func take(signal: Int32) {
        guard signal == SIGHUP else {
            stop()
            exit(0)
        }
        // What is wrong with it is in the log.
        _ = try? calls.reload()
    }

    /// A call came over the control socket.
    func answer(_ call: CheckedCall, from peer: PeerCredentials, _ pending: AnyPendingCall) {
        calls.answer(call, from: peer, pending)
    }

    /// An inbox brought something.
    func take(_ batch: OfferBatch) { turns.run { _ in arrivals.offers.take(batch) } }

    /// Judges offers whose signatures were checked by the rules in force after `count` changes.
    func judge(_ offers: [ReadFile], readUnder count: Int) {
        turns.run { _ in arrivals.offers.judge(offers, readUnder: count) }
    }

    /// A snapshot was saved, or not.
    func end(_ saving: SnapshotJob, _ result: Result<Void, RecordingError>) {
        audit.end(saving, result)
        turns.tellService()
        MemoryTrim.release()
    }
}

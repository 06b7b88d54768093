import AgentInterface
import Auditing
package import AgentSettings
import Connections
import Dispatch
import Enforcement
import Glibc
import Grants
import Linux
import Recording
import SystemPackage
import Varlink

/// The agent put together: the only place that reads real clocks and opens real files.
package enum Agent {
    package static let version = Release.version

    /// Reads and checks a policy file.
    package static func configuration(at path: String) throws(AgentError) -> Configuration {
        try PolicySource(readingFrom: WorkingDirectory.absolute(path)).configuration
    }

    /// The seconds that a service that cannot start waits before it exits: systemd restarts it at
    /// once, and each restart writes lines that would soon fill the journal.
    private static let pause: UInt32 = 5

    /// Runs until it is told to stop; the gate stays as it is then.
    package static func run(policy path: String) -> Never {
        let environment = ServiceEnvironment.take()
        do throws(AgentError) {
            try run(policy: WorkingDirectory.absolute(path), environment)
        } catch {
            error.tell()
            if environment.notifySocket != nil { sleep(pause) }
            exit(error.exitStatus)
        }
    }

    private static func run(
        policy path: String,
        _ environment: ServiceEnvironment
    ) throws(AgentError) -> Never {
        let (policy, problem) = try LastKnownGood.orElse(at: path)
        let engine = EngineExecutor(label: "io.jitgate.engine")
        do {
            let running = try Running(policy, at: path, environment, on: engine)
            // In one turn of the queue: an event that came before the start would find no grants,
            // and shut what they hold open.
            let sources = try engine.queue.sync {
                let sources = try running.connect()
                running.start(despite: problem)
                return sources
            }
            withExtendedLifetime(sources) { dispatchMain() }
        } catch {
            throw AgentError("\(error)")
        }
    }
}

/// An agent with the sources of its events.
private struct Running: Sendable {
    let engine: EngineExecutor
    let loop: AgentLoop
    let timer: BootTimeTimer
    let journalTimer: BootTimeTimer
    let clock: WallClockWatch
    let control: VarlinkServer
    let environment: ServiceEnvironment

    init(
        _ disk: PolicySource,
        at path: String,
        _ environment: ServiceEnvironment,
        on engine: EngineExecutor
    ) throws {
        let host = try HostFacts.read()
        let conditions = HostConditions()
        let audit = try AuditWriter(disk.configuration, host: host, conditions)
        let (policy, commit) = PolicyCommit.atStart(disk: disk, audit.logState.policy)
        let configuration = policy.configuration
        let timer = try AgentError.attempt("make a timer", BootTimeTimer.init)
        let notifier = try AgentError.attempt("reach the service manager") {
            () throws(Errno) in try ServiceNotifier(environment.notifySocket)
        }
        let journal = try JournalCopy(
            socketPath: JournalSocket.systemPath,
            auditDirectory: configuration.auditDirectory
        )
        let asks = "ask for sockets and tracked connections"
        let prover = try AgentError.attempt(asks) { () throws(Errno) in try ConnectionProver() }
        let cutter = try AgentError.attempt(asks) { () throws(Errno) in try SessionCutter() }
        let parts = AgentParts(
            policyPath: path,
            host: host,
            loaded: LoadedPolicy(startingWith: policy, commit, host: host),
            commit: commit,
            timer: timer,
            watch: DirectoryWatch(
                configuration.grantDirectories,
                files: configuration.keyFiles
            ),
            inboxWatch: configuration.inboxes.isEmpty
                ? nil
                : DirectoryWatch(
                    configuration.inboxes.map(\.directory),
                    others: [Bulletin.fileName],
                    files: []
                ),
            conditions: conditions,
            audit: audit,
            gate: try Self.gate(environment, notifier),
            notifier: notifier,
            journal: journal,
            prover: prover,
            cutter: cutter
        )
        let loop = AgentLoop(engine, parts)
        self.engine = engine
        self.environment = environment
        self.loop = loop
        self.timer = timer
        journalTimer = journal.alarm
        clock = try AgentError.attempt("watch the clock", WallClockWatch.init)
        control = try Self.control(configuration, loop, on: engine)
    }

    /// The gate, over the socket that an earlier agent left with the service manager, if it did: the
    /// table then never was without its owner.
    private static func gate(
        _ environment: ServiceEnvironment,
        _ notifier: ServiceNotifier
    ) throws -> Firewall {
        let name = "owner"
        var passed = PassedDescriptors(environment.descriptorNames)
        if let kept = passed.take(name)?.release(),
            let table = try? KernelTable(adopting: kept, highest: .highest)
        {
            return Firewall(table)
        }
        let table = try KernelTable(adopting: nil, highest: .highest)
        notifier.discard(name)
        notifier.store(table.ownerDescriptor, as: name)
        return Firewall(table)
    }

    private static func control(
        _ configuration: Configuration,
        _ loop: AgentLoop,
        on engine: EngineExecutor
    ) throws -> VarlinkServer {
        let group = try GroupFile.id(of: configuration.controlGroup)
        let info = ServiceInfo(
            vendor: "jitgate",
            product: "jitgated",
            version: Release.version,
            url: "https://varlink.org"
        )
        return VarlinkServer(
            listener: try listener(configuration, group: group),
            router: CallRouter(info: info, interface: AgentInterface.interface, group: group),
            on: engine
        ) { call, peer, pending in
            loop.assumeIsolated { $0.answer(call, from: peer, pending) }
        }
    }

    private static func listener(
        _ configuration: Configuration,
        group: UInt32?
    ) throws(AgentError) -> UnixListener {
        let (path, name) = (configuration.controlSocket, configuration.controlGroup)
        do throws(Errno) {
            return try UnixListener(path: path, group: group)
        } catch .notPermitted {
            let remedy = "under systemd, SupplementaryGroups=\(name) in a drop-in lets it"
            throw AgentError("control.group: \(path) cannot be given to \(name); \(remedy)")
        } catch {
            throw AgentError("control.socket: \(path): \(error)")
        }
    }

    /// Starts on the engine's queue: the gate first, then the answers to callers.
    func start(despite problem: String?) {
        loop.assumeIsolated { $0.start(despite: problem) }
        do {
            try control.assumeIsolated { try $0.start() }
            loop.assumeIsolated { $0.announce() }
            MemoryTrim.release()
        } catch {
            // Without a descriptor to spare it could take no grant either.
            loop.assumeIsolated { $0.stop() }
            exit(EX_OSERR)
        }
    }

    /// Connects all sources of events to the loop, on the engine's queue.
    func connect() throws -> [any Sendable] {
        let (loop, timer, clock) = (loop, timer, clock)
        let journalTimer = journalTimer
        // Half of the service manager's limit, and only if it has one.
        let heartbeat = environment.watchdog.map {
            Heartbeat(every: $0 / 2, on: engine) { loop.assumeIsolated { $0.reporters.beat() } }
        }
        try loop.assumeIsolated { try $0.listen() }
        let sources: [(any Sendable)?] = [
            heartbeat,
            try DescriptorSource(reading: timer.fileDescriptor, on: engine) {
                _ = try? timer.acknowledge()
                loop.assumeIsolated { $0.timePassed() }
            },
            try DescriptorSource(reading: journalTimer.fileDescriptor, on: engine) {
                _ = try? journalTimer.acknowledge()
                loop.assumeIsolated { $0.reporters.journalIsDue() }
            },
            try DescriptorSource(reading: clock.fileDescriptor, on: engine) {
                _ = try? clock.acknowledge()
                loop.assumeIsolated { $0.clockSet() }
            },
            try SignalSource([SIGTERM, SIGINT, SIGHUP], on: engine) { signal in
                loop.assumeIsolated { $0.take(signal: signal) }
            },
        ]
        return sources.compactMap(\.self)
    }
}

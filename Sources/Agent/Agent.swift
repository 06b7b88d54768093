import Admission
package import Configuration
import Dispatch
import Enforcement
import Glibc
import Linux
import Netfilter
import Signatures

/// The agent put together: the only place that reads real clocks and opens real files.
package enum Agent {
    /// Reads and checks a policy file.
    package static func configuration(at path: String) throws(AgentError) -> Configuration {
        try Rulebook.configuration(at: path)
    }

    /// Runs until it is told to stop; the gate stays as it is then.
    package static func run(policy path: String) throws(AgentError) -> Never {
        let configuration = try configuration(at: path)
        let engine = EngineExecutor(label: "io.jitgate.engine")
        do {
            let parts = try Parts(configuration, engine)
            let sources = try parts.connect()
            engine.queue.async { parts.gatekeeper.assumeIsolated { $0.start() } }
            withExtendedLifetime(sources) { dispatchMain() }
        } catch {
            throw AgentError("\(error)")
        }
    }

    /// What an agent is made of.
    private struct Parts {
        let engine: EngineExecutor
        let gatekeeper: Gatekeeper
        let alarm: Alarm
        let clock: WallClockWatch
        let watch: DirectoryWatch

        init(_ configuration: Configuration, _ engine: EngineExecutor) throws {
            let host = try HostFacts.read()
            let rulebook = try Rulebook(configuration, host: host)
            let log = configuration.auditDirectory + "/audit.jsonl"
            self.engine = engine
            watch = try DirectoryWatch(configuration.grantDirectories)
            alarm = try Alarm()
            clock = try WallClockWatch()
            gatekeeper = Gatekeeper(
                engine,
                configuration: configuration,
                reception: rulebook.reception,
                trail: try AuditTrail(path: log, host: host),
                gate: try KernelGate(),
                alarm: alarm,
                bootID: host.bootID
            )
        }

        /// Lets every source of events speak to the gatekeeper, on the engine's queue.
        func connect() throws -> [any Sendable] {
            let (gatekeeper, alarm, clock, watch) = (gatekeeper, alarm, clock, watch)
            return [
                try ReadSource(fileDescriptor: watch.fileDescriptor, on: engine) {
                    gatekeeper.assumeIsolated { $0.take(watch.drain()) }
                },
                try ReadSource(fileDescriptor: alarm.fileDescriptor, on: engine) {
                    _ = try? alarm.acknowledge()
                    gatekeeper.assumeIsolated { $0.timePassed() }
                },
                try ReadSource(fileDescriptor: clock.fileDescriptor, on: engine) {
                    _ = try? clock.acknowledge()
                    gatekeeper.assumeIsolated { $0.timePassed() }
                },
                try SignalSource([SIGTERM, SIGINT], on: engine) { _ in
                    gatekeeper.assumeIsolated { $0.stop() }
                    exit(0)
                },
            ]
        }
    }
}

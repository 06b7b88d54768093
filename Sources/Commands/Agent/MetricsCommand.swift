import AgentInterface
import ArgumentParser
import CommandSupport
import AgentSettings
import Linux
import StrictJSON

struct MetricsCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Print the metrics of this host, in OpenMetrics text.",
        discussion: """
            docs/METRICS.md lists them. jitgate-metrics.timer writes them every minute where \
            node_exporter's textfile collector finds them. If no agent answers, the only metric is \
            jitgate_up 0, and the exit status is 69.

              jitgate metrics
              jitgate metrics -o /var/lib/prometheus/node-exporter/jitgate.prom
              sudo systemctl enable --now jitgate-metrics.timer
            """
    )

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to this file, whole or not at all.", valueName: "file"),
        completion: .file()
    )
    var output = "-"

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        do throws(CommandFailure) {
            try write(try Self.metrics(by: configuration).families, on: console)
        } catch {
            // Whoever reads the file must see that the agent does not answer.
            if error.status == .unavailable || error.status == .temporary {
                try write(HostMetrics.down, on: console)
            }
            throw error
        }
    }

    private static func metrics(
        by configuration: Configuration
    ) throws(CommandFailure) -> HostMetrics {
        let session = try AgentSession(configuration)
        let room = try? DiskRoom.read(configuration.auditDirectory)
        return HostMetrics(
            status: try session.ask(AgentInterface.status),
            counters: try session.ask(AgentInterface.count),
            logRoom: room.map { Int64(clamping: $0.bytes) }
        )
    }

    private func write(_ families: [MetricFamily], on console: Console) throws(CommandFailure) {
        let bytes =
            format.json
            ? JSONValue.metrics(families).prettyEncoded() + [0x0A]
            : Array(OpenMetricsText(families: families).description.utf8)
        try GrantFile.write(bytes, to: output, on: console)
    }
}

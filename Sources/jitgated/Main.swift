import Agent
import ArgumentParser

/// The agent's command line; all else is in Agent.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jitgated",
        abstract: "Opens protected ports for signed grants, until their deadline.",
        discussion: """
            Example: jitgated --config /etc/jitgate/jitgate.toml --check
            """
    )

    @Option(help: "The policy file.")
    var config = "/etc/jitgate/jitgate.toml"

    @Flag(help: "Check the policy file and exit.")
    var check = false

    func run() throws {
        guard !check else {
            _ = try Agent.configuration(at: config)
            return print("\(config): ok")
        }
        try Agent.run(policy: config)
    }
}

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
            """,
        version: Agent.version
    )

    @Option(help: ArgumentHelp("The policy file.", valueName: "file"), completion: .file())
    var config = "/etc/jitgate/jitgate.toml"

    @Flag(help: "Check the policy file and exit.")
    var check = false

    @Flag(help: "Shut what the policy protects if no gate stands yet, and exit.")
    var shut = false

    @Flag(help: "Take the gate down and exit; the agent must not run.")
    var removeGate = false

    func validate() throws {
        guard [check, shut, removeGate].count(where: \.self) <= 1 else {
            throw ValidationError("--check, --shut and --remove-gate exclude each other")
        }
    }

    func run() throws {
        do throws(AgentError) {
            try act()
        } catch {
            error.tell()
            throw ExitCode(error.exitStatus)
        }
    }

    private func act() throws(AgentError) {
        if shut { return print(try BootFirewall.shut(policy: config)) }
        if removeGate { return print(try BootFirewall.remove()) }
        guard !check else {
            _ = try Agent.configuration(at: config)
            return print("\(config): ok")
        }
        Agent.run(policy: config)
    }
}

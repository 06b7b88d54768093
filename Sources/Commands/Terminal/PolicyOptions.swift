import ArgumentParser
import CommandSupport

/// The option that every command takes: the place of the policy, by which it finds the agent and
/// its files.
struct PolicyOptions: ParsableArguments {
    static let defaultPath = "/etc/jitgate/jitgate.toml"

    @Option(
        help: ArgumentHelp(
            "The policy file.",
            discussion: "Default: $JITGATE_CONFIG, else \(defaultPath).",
            valueName: "file"
        ),
        completion: .file()
    )
    var config: String?

    func path(_ console: Console) -> String {
        config ?? console.variable("JITGATE_CONFIG") ?? Self.defaultPath
    }
}

import ArgumentParser

/// One command of `jitgate`: its words are parsed by ArgumentParser, its work is done here.
protocol JitgateCommand: ParsableCommand, Sendable {
    func perform(on console: Console) throws(CommandFailure)
}

/// What every verb takes: where the policy is, by which it finds the agent and its files.
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

/// Whether the answer is for a program.
struct FormatOptions: ParsableArguments {
    @Flag(help: "Print JSON instead of text.")
    var json = false
}

import ArgumentParser
import Hub

/// The command line of the hub; all else is in Hub.
@main
struct HubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jitgate-hub",
        abstract:
            "Collects requests and approvals, carries signed files to hosts, and shows the fleet.",
        discussion: """
            Examples:
              jitgate-hub --check
              jitgate-hub --config ./hub.toml
              jitgate-hub backup /var/backups/hub.db
            """,
        version: HubProgram.version,
        subcommands: [Serve.self, Backup.self],
        defaultSubcommand: Serve.self
    )
}

/// The file that all commands of the hub go by.
struct ConfigurationOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("The configuration.", valueName: "file"),
        completion: .file(extensions: ["toml"])
    )
    var config = "/etc/jitgate/hub.toml"
}

/// Runs the hub until SIGTERM.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the hub until SIGTERM (the default)."
    )

    @OptionGroup var options: ConfigurationOption

    @Flag(help: "Check the configuration, the people, the key and the store, and exit.")
    var check = false

    func run() async throws {
        try await ending { () async throws(HubFailure) in
            if check {
                print(try await HubProgram.check(options.config))
            } else {
                try await HubProgram.serve(options.config)
            }
        }
    }
}

/// Copies the store while the hub runs.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a copy of a store of SQLite, while the hub runs."
    )

    @OptionGroup var options: ConfigurationOption

    @Argument(help: "The file of the copy, which must not be there.", completion: .file())
    var file: String

    func run() async throws {
        try await ending { () async throws(HubFailure) in
            try await HubProgram.backup(options.config, to: file)
        }
    }
}

/// Does some work; a failure is told, and has its exit status.
private func ending(_ work: () async throws(HubFailure) -> Void) async throws {
    do throws(HubFailure) {
        try await work()
    } catch {
        HubProgram.tell(error)
        throw ExitCode(error.status.rawValue)
    }
}

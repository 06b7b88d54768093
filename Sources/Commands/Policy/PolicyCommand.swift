import Admission
import ArgumentParser
import CommandSupport
import AgentSettings
import Grants
import StrictJSON
import StrictTOML

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check, show or import a policy.",
        subcommands: [
            PolicyCheckCommand.self, PolicyShowCommand.self, PolicyImportCommand.self,
        ]
    )
}

struct PolicyCheckCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say everything that is wrong with a policy file, with line and column.",
        discussion: """
              jitgate policy check
              jitgate policy check new.toml && sudo cp new.toml /etc/jitgate/jitgate.toml
            """
    )

    @Argument(help: "The file (default: the policy in use).", completion: .file())
    var file: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let path = file ?? policy.path(console)
        let bytes = try GrantFile.read(path, limit: Configuration.fileLimit)
        do throws(ConfigurationError) {
            report(try Configuration(parsing: bytes, file: path), path, on: console)
        } catch {
            guard format.json else { throw CommandFailure(.no, "\(error)") }
            console.print(json: Self.form(error))
            throw .alreadyReported
        }
    }

    private func report(_ configuration: Configuration, _ path: String, on console: Console) {
        guard !format.json else {
            return console.print(json: ["file": .string(path), "ok": true, "problems": []])
        }
        let ports = configuration.policy.protectedPorts.map(\.description)
        let mode = configuration.policy.mode.rawValue
        console.print("\(path): ok: \(mode), protects \(ports.joined(separator: ", "))")
    }

    private static func form(_ error: ConfigurationError) -> JSONValue {
        let problems = error.problems.map { problem -> JSONValue in
            [
                "line": .integer(Int64(problem.line)),
                "column": .integer(Int64(problem.column)),
                "key": problem.key.map { .string($0) } ?? .null,
                "reason": .string(problem.reason),
                "remedy": .string(problem.remedy),
            ]
        }
        return ["file": .string(error.file), "ok": false, "problems": .array(problems)]
    }
}

struct PolicyShowCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the effective policy: what the file says and what it leaves to defaults.",
        discussion: """
              jitgate policy show
              jitgate policy show --json | jq .port
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        guard !format.json else { return console.print(json: configuration.json) }
        console.write(Array(configuration.toml.utf8))
    }
}

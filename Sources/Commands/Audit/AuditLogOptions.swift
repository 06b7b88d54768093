import ArgumentParser
import AuditFiles
import Auditing
import CommandSupport
import AgentSettings
import Recording
import StrictJSON
import Transparency

/// The log that a command is about.
struct LogOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The directory of the log, such as a copy; by default the policy's.",
            valueName: "directory"
        ),
        completion: .directory
    )
    var log: String?

    /// A copy on another machine needs no policy.
    func directory(by policy: PolicyOptions, _ console: Console) throws(CommandFailure)
        -> LogDirectory
    {
        if let log { return LogDirectory(log) }
        return LogDirectory(try policy.load(console).auditDirectory)
    }
}

/// The log that a command is about, and the key that it is held to.
struct AuditLogOptions: ParsableArguments {
    @OptionGroup var place: LogOption

    @Option(
        help: ArgumentHelp(
            "The directory with its evidence; by default the policy's.",
            valueName: "directory"
        ),
        completion: .directory
    )
    var state: String?

    @Option(
        help: ArgumentHelp(
            "The key that must have signed, NAME+HASH+BASE64 as `jitgate audit key` printed it.",
            discussion: "Default: the one beside the log, which proves less.",
            valueName: "vkey"
        ),
        transform: VerifierKey.init(parsing:)
    )
    var key: VerifierKey?

    @Flag(
        help: ArgumentHelp(
            "The oldest records may be gone, as `audit.retention` has it.",
            discussion: "Default: allowed if the policy sets `audit.retention`, else an error."
        )
    )
    var pruned = false

    @OptionGroup var policy: PolicyOptions

    func places(_ console: Console) throws(CommandFailure) -> LogUnderAudit.Places {
        // A copy on another machine needs no policy.
        if let log = place.log { return .init(log: log, state: state ?? log, isPruned: pruned) }
        let configuration = try policy.load(console)
        return .init(
            log: configuration.auditDirectory,
            state: state ?? configuration.stateDirectory,
            isPruned: pruned || configuration.retention != nil
        )
    }

    /// The log, which is held to the key.
    func log(_ console: Console) throws(CommandFailure) -> LogUnderAudit {
        try LogUnderAudit(at: places(console), heldTo: key, needsState: state != nil)
    }
}

struct AuditKeyCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Print the public key that the log is signed with.",
        discussion: """
            Keep it elsewhere, and give it to `audit verify --key` and to Go's note.NewVerifier.

              sudo jitgate audit key
            """
    )

    @OptionGroup var place: LogOption
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var format: FormatOptions

    func perform(on console: Console) throws(CommandFailure) {
        let directory = try place.directory(by: policy, console)
        let key = try LogUnderAudit.verifierKey(beside: directory)
        guard format.json else { return console.print(DisplayText.safe("\(key)")) }
        console.print(json: ["key": .string("\(key)"), "origin": .string(key.name)])
    }
}

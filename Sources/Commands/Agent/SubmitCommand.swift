import AgentInterface
import ArgumentParser
import CommandSupport
import AgentSettings
import Grants
import Linux
import Signatures
import StrictJSON

struct SubmitCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Give a signed grant to the agent and wait for its answer.",
        discussion: """
            The file goes into a drop directory, whole or not at all: the one under /run if there \
            is one, so that it does not outlive a reboot. A refused file is taken out again.

              sudo jitgate submit g.grant
              ssh web-1 sudo jitgate submit - < g.grant
            """
    )

    @Argument(
        help: "A signed grant, revocation or review; - is the standard input.",
        completion: .file()
    )
    var file: String

    @Option(help: ArgumentHelp("Seconds to wait for the answer.", valueName: "seconds"))
    var wait = 30

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard (0...86_400).contains(wait) else {
            throw ValidationError("--wait takes 0 to 86400 seconds")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        let bytes = try GrantFile.read(file, on: console)
        let session = try AgentSession(configuration)
        let path = try drop(bytes, configuration, on: console)
        let verdict = try verdict(on: bytes, at: path, session)
        if verdict.outcome == .refused { FileAccess.remove(path) }
        if format.json { console.print(json: Self.form(verdict, path)) }
        try conclude(verdict, path, on: console)
    }

    private func verdict(
        on bytes: [UInt8],
        at path: String,
        _ session: AgentSession
    ) throws(CommandFailure) -> SubmissionResult {
        do throws(CommandFailure) {
            let file = VerdictParameters(file: path, sha256: FileDigest.sha256(of: bytes))
            return try session.result(of: file, timeoutMilliseconds: Int32(wait) * 1000)
        } catch {
            let left = "the file stays at \(path), for the agent that runs next"
            throw CommandFailure(error.status, error.message, hints: [left] + error.hints)
        }
    }

    /// Puts the file into a drop directory; returns its path there.
    private func drop(
        _ bytes: [UInt8],
        _ configuration: Configuration,
        on console: Console
    ) throws(CommandFailure) -> String {
        let directories = configuration.grantDirectories.filter {
            FileAccess.isWritableDirectory($0)
        }
        let volatile = directories.first { $0.hasPrefix("/run/") }
        guard let directory = volatile ?? directories.first else {
            let all = configuration.grantDirectories.joined(separator: ", ")
            throw CommandFailure(
                .noPermission,
                "\(all): you may not write to any of them",
                hints: ["try sudo"]
            )
        }
        let path = "\(directory)/\(try name(of: bytes))"
        if FileAccess.exists(path), try GrantFile.read(path, on: console) != bytes {
            throw CommandFailure(
                .cannotCreate,
                "\(path): another file of this name is there",
                hints: ["give yours another name: the other's access would end"]
            )
        }
        try GrantFile.replace(path, with: bytes, mode: 0o600)
        return path
    }

    /// The file's own name with the ending that the agent looks for; a grant's id if it has none.
    private func name(of bytes: [UInt8]) throws(CommandFailure) -> String {
        let own = file.split(separator: "/").last.map(String.init) ?? file
        let name: String
        var generator = SystemRandomNumberGenerator()
        if file == "-" {
            switch try SignableFile(bytes, name: "standard input").content {
            case .grant(let grant): name = grant.id.description
            case .revocation(let revocation):
                let id = revocation.selection.ids.first ?? revocation.id
                name = "revoke-" + (id ?? GrantID.random(using: &generator)).description
            case .unbar(let unbar):
                name = "unbar-" + (unbar.ids.first?.description ?? "")
            case .review(let review): name = "review-\(review.grant)"
            case .bulletin(let bulletin): name = "bulletin-\(bulletin.fleet)"
            }
        } else {
            name = own.hasSuffix(".grant") ? String(own.dropLast(6)) : own
        }
        let visible = String(name.drop { $0 == "." })
        return (visible.isEmpty ? "unnamed" : visible) + ".grant"
    }

    private func conclude(
        _ verdict: SubmissionResult,
        _ path: String,
        on console: Console
    ) throws(CommandFailure) {
        switch verdict.outcome {
        case .accepted:
            guard !format.json else { return }
            let ids = DisplayText.list(verdict.ids)
            let end = verdict.deadline.map { "open until \($0)" } ?? "accepted"
            console.print(DisplayText.safe(verdict.ids.isEmpty ? end : "\(ids): \(end)"))
        case .refused:
            guard !format.json else { throw .alreadyReported }
            throw CommandFailure(.no, "\(file): refused: \(verdict.reason ?? "no reason given")")
        case .pending:
            throw CommandFailure(
                .temporary,
                "the agent has not said anything yet; the file stays at \(path)",
                hints: ["look again: jitgate list --all"]
            )
        }
    }

    private static func form(_ verdict: SubmissionResult, _ path: String) -> JSONValue {
        guard case .object(let members) = verdict.jsonValue else { return .null }
        return .object(members + [JSONValue.Member("file", .string(path))])
    }
}

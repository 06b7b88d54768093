import CommandSupport
import Commands
import Grants
import Linux
import Synchronization
import TestSupport

/// A place to run whole command lines: files, keys, a policy, and a console that remembers.
final class Bench: Sendable {
    /// The output and the exit status of a command line.
    struct Outcome {
        let status: ExitStatus
        let output: String
        let errors: String
    }

    /// 2026-12-01T12:00:00Z.
    static let now = Moment(microseconds: 1_796_126_400_000_000)

    let directory: TemporaryDirectory
    let approver: SSHKey
    let second: SSHKey
    private let parsed = Mutex<[[String]: ParsedCommand]>([:])

    init(policy: String = "", in parent: String = TemporaryDirectory.memory) throws {
        directory = try TemporaryDirectory(in: parent)
        approver = try SSHKey()
        second = try SSHKey(type: "ecdsa")
        let signers = try [
            "ops@example.com \(approver.publicLine)", "lead@example.com \(second.publicLine)",
        ]
        try write(signers.joined(separator: "\n") + "\n", to: "allowed_signers")
        for folder in ["drop", "audit"] {
            _ = try Command.run(["mkdir", "-m", "700", path(folder)])
        }
        try write(policy + defaults, to: "jitgate.toml")
    }

    private var defaults: String {
        """
        mode = "enforce"
        hostname = "web-1"
        [grants]
        directories = ["\(path("drop"))"]
        allowed_signers = "\(path("allowed_signers"))"
        [audit]
        directory = "\(path("audit"))"
        [control]
        socket = "\(path("control"))"

        """
    }

    func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try AtomicFile.replace(path(name), with: Array(text.utf8), mode: 0o600)
    }

    func read(_ name: String) throws -> [UInt8] {
        try SmallFile.read(path(name), limit: 1 << 20)
    }

    /// Changes the policy.
    func editPolicy(_ edit: (String) -> String) throws {
        try write(
            edit(String(decoding: try read("jitgate.toml"), as: UTF8.self)),
            to: "jitgate.toml"
        )
    }

    /// The names in a directory.
    func names(in folder: String) throws -> [String] {
        try Command.run(["ls", "-A", path(folder)]).text.split(separator: "\n").map(String.init)
    }

    /// Runs a command line; a word that begins with `@` is a file of the bench.
    func run(
        _ words: String...,
        environment: [String: String] = [:],
        isTerminal: Bool = false,
        input: [UInt8] = [],
        onOutput: @escaping @Sendable (String) -> Void = { _ in }
    ) -> Outcome {
        let world = World(
            environment: environment,
            isTerminal: isTerminal,
            input: input,
            onOutput: onOutput
        )
        return run(words: words, in: world)
    }

    /// The environment of a command line.
    struct World {
        var environment: [String: String] = [:]
        var isTerminal = false
        var input: [UInt8] = []
        var onOutput: @Sendable (String) -> Void = { _ in }
        var onNote: @Sendable (String) -> Void = { _ in }
        /// No agent writes beside most tests.
        var patience = Duration.zero
        /// The lines typed at a terminal; `nil` where there is none.
        var answers: [String]?
    }

    func run(words: [String], in world: World = World()) -> Outcome {
        let printed = Printed()
        let base = ["USER": "dana", "JITGATE_CONFIG": path("jitgate.toml"), "HOME": directory.path]
        let console = Console(
            environment: base.merging(world.environment) { $1 },
            isTerminal: world.isTerminal,
            now: { Self.now },
            secondsEast: { _ in 3600 },
            write: { bytes in
                printed.output.withLock { $0 += bytes }
                world.onOutput(String(decoding: bytes, as: UTF8.self))
            },
            note: { line in
                printed.errors.withLock { $0 += line + "\n" }
                world.onNote(line)
            },
            readInput: { world.input },
            ask: world.answers.map { answers in printed.answering(answers) },
            patience: world.patience
        )
        let arguments = words.map { $0.hasPrefix("@") ? path(String($0.dropFirst())) : $0 }
        let status = command(arguments).run(on: console)
        return Outcome(
            status: status,
            output: String(decoding: printed.output.withLock { $0 }, as: UTF8.self),
            errors: printed.errors.withLock { $0 }
        )
    }

    /// The meaning of some words; those that are run again and again are parsed once.
    ///
    /// Where ArgumentParser is built for debugging that takes longer than what they do.
    private func command(_ arguments: [String]) -> ParsedCommand {
        if let known = parsed.withLock({ $0[arguments] }) { return known }
        let command = ParsedCommand(arguments)
        parsed.withLock { $0[arguments] = command }
        return command
    }

    private final class Printed: Sendable {
        let output = Mutex<[UInt8]>([])
        let errors = Mutex("")

        /// Types one line after the other, and shows what was asked.
        func answering(_ lines: [String]) -> @Sendable (String) -> String? {
            let left = Mutex(lines[...])
            return { question in
                self.errors.withLock { $0 += question + "\n" }
                return left.withLock { $0.popFirst() }
            }
        }
    }
}

extension Bench {
    /// A request for two hours on this host, written to `g.json`.
    @discardableResult
    func request(_ changes: [String] = []) -> Outcome {
        run(
            words: [
                "request", "--host", "web-1", "--port", "22/tcp", "--source", "203.0.113.7",
                "--reason", "disk full", "-o", "@g.json",
            ] + (changes.isEmpty ? ["--for", "2h"] : changes)
        )
    }

    /// A grant that one approver signed, at `g.grant`.
    func signedGrant() throws {
        request()
        _ = run("sign", "@g.json", "--key", approver.privateFile)
    }
}

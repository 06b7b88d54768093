import ArgumentParser
import CommandSupport

/// A command of a hub's people, which jitgate-fleet has under a name of its own.
protocol HubCommand: JitgateCommand {
    /// The name of the command of jitgate-fleet.
    static var verb: String { get }
    var words: [String] { get }
}

extension HubCommand {
    static func described(
        _ name: String,
        _ abstract: String,
        _ examples: String
    ) -> CommandConfiguration {
        CommandConfiguration(
            commandName: name,
            abstract: "\(abstract): run jitgate-fleet \(verb).",
            discussion: """
                The package jitgate-fleet has the program, since this one has no network. \
                jitgate-fleet-\(verb)(1) has its options.

                \(examples)
                """
        )
    }

    func perform(on console: Console) throws(CommandFailure) {
        try FleetCommand.run([Self.verb] + words)
    }
}

struct LoginCommand: HubCommand {
    static let verb = "login"
    static let configuration: CommandConfiguration = described(
        "login",
        "Log in at a hub",
        "  jitgate login https://hub.example.com"
    )

    @Argument(parsing: .captureForPassthrough, help: "The arguments of jitgate-fleet login.")
    var words: [String] = []
}

struct RequestsCommand: HubCommand {
    static let verb = "requests"
    static let configuration: CommandConfiguration = described(
        "requests",
        "List the requests at a hub",
        "  jitgate requests --state pending"
    )

    @Argument(parsing: .captureForPassthrough, help: "The arguments of jitgate-fleet requests.")
    var words: [String] = []
}

struct ApproveCommand: HubCommand {
    static let verb = "approve"
    static let configuration: CommandConfiguration = described(
        "approve",
        "Approve requests at a hub",
        "  jitgate approve 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"
    )

    @Argument(parsing: .captureForPassthrough, help: "The arguments of jitgate-fleet approve.")
    var words: [String] = []
}

struct DenyCommand: HubCommand {
    static let verb = "deny"
    static let configuration: CommandConfiguration = described(
        "deny",
        "Deny a request at a hub",
        "  jitgate deny 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --reason 'not today'"
    )

    @Argument(parsing: .captureForPassthrough, help: "The arguments of jitgate-fleet deny.")
    var words: [String] = []
}

struct WithdrawCommand: HubCommand {
    static let verb = "withdraw-request"
    static let configuration: CommandConfiguration = described(
        "withdraw",
        "Take back a request at a hub",
        "  jitgate withdraw 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"
    )

    @Argument(
        parsing: .captureForPassthrough,
        help: "The arguments of jitgate-fleet withdraw-request."
    )
    var words: [String] = []
}

struct SSHCommand: HubCommand {
    static let verb = "ssh"
    static let configuration: CommandConfiguration = described(
        "ssh",
        "Ask a hub for a host's SSH port, wait, and run ssh",
        "  jitgate ssh dana@web-1"
    )

    @Argument(parsing: .captureForPassthrough, help: "The arguments of jitgate-fleet ssh.")
    var words: [String] = []
}

/// `jitgate request --send`, which is a command of jitgate-fleet with the same options.
enum SentRequest {
    static let option = "--send"

    /// The words after `jitgate`, with `fleet ask` in place of a request that is sent.
    static func expanded(_ words: [String]) -> [String] {
        guard words.first == "request", let index = words.firstIndex(of: option) else {
            return words
        }
        return ["fleet", "ask"] + words[1..<index] + words[(index + 1)...]
    }
}

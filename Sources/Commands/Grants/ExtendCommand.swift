import ArgumentParser
import CommandSupport
import Grants

struct ExtendCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "extend",
        abstract: "Write a grant that lets an open one go on for longer.",
        discussion: """
            The new grant supersedes the old one: once it is signed and submitted, sessions go on, and \
            the deadline is later by --for. Policy judges it as it judges any other grant.

              jitgate extend 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --for 1h -o more.json
              jitgate sign more.json
              sudo jitgate submit more.grant
            """
    )

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How much longer, such as 30m or 1h.", valueName: "time"),
        transform: Duration.init(parsing:)
    )
    var duration: Duration

    @OptionGroup var replacement: ReplacementOptions

    func perform(on console: Console) throws(CommandFailure) {
        let now = console.now()
        try replacement.write(on: console) { request, deadline in
            // What drains is past its deadline.
            request.expires = max(deadline, now) + duration
        }
    }
}

struct MoveCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Write a grant that lets the access of an open one come from elsewhere.",
        discussion: """
            The new grant supersedes the old one and ends when that would have: once it is signed and \
            submitted, the port is open for the new source, and sessions from the old one are cut \
            unless the new source covers them.

              jitgate move 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --source 198.51.100.7/32 \\
                -o moved.json
            """
    )

    @Option(
        help: ArgumentHelp("A network to open it for, or `my` for your own.", valueName: "cidr|my"),
        transform: SourceArgument.init(parsing:)
    )
    var source: [SourceArgument]

    @OptionGroup var replacement: ReplacementOptions

    func validate() throws {
        guard !source.isEmpty else {
            throw ValidationError("--source has to be there at least once")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        try replacement.write(on: console) { request, _ throws(CommandFailure) in
            var sources: [Prefix] = []
            for argument in source { sources.append(try argument.prefix(console)) }
            request.sources = sources
        }
    }
}

import AgentInterface
import ArgumentParser
import CommandSupport
import Grants
import Linux

struct ExplainCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say whether a packet would pass now, and by which grant or rule.",
        discussion: """
            It is about a new connection. Rules of other firewalls are followed, too: what one of \
            them drops does not pass, and what one may drop is said. Of a network all has to pass. \
            The exit status is 0 if it passes and 1 if not.

              jitgate explain 203.0.113.7 22/tcp
              jitgate explain 2001:db8::/64 22
              jitgate explain my 22 --json
            """
    )

    @Argument(
        help: ArgumentHelp("An address or a network, or `my` for your own.", valueName: "source"),
        transform: SourceArgument.init(parsing:)
    )
    var source: SourceArgument

    @Argument(
        help: ArgumentHelp("A port, such as 22/tcp or 22.", valueName: "port"),
        transform: ExplainCommand.port
    )
    var port: Port

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    private static func port(_ text: String) throws(TextError) -> Port {
        try Port(parsing: text.contains("/") ? text : "\(text)/tcp")
    }

    func perform(on console: Console) throws(CommandFailure) {
        let session = try policy.session(console)
        let source = try source.prefix(console)
        let packet = ExplainParameters(source: source, port: port)
        let answer = try session.ask(AgentInterface.explain, packet)
        if format.json {
            console.print(json: answer.jsonValue)
        } else {
            console.print(DisplayText.safe("\(source.shortText) to \(port) \(answer.text)"))
            for chain in answer.mayBeDroppedBy {
                console.note("jitgate: \(DisplayText.safe(chain)) may drop it: jitgate doctor")
            }
            if answer.passes { noteLegacyTables(on: console) }
            if answer.kernel == .differs {
                console.note("jitgate: the table in the kernel says otherwise: jitgate status")
            }
        }
        guard answer.passes else { throw .alreadyReported }
    }

    private func noteLegacyTables(on console: Console) {
        for table in LegacyTable.all() {
            console.note(
                "jitgate: \(table.tool) has rules in its table \(table.name), which are not "
                    + "followed: sudo \(table.tool) -t \(table.name) -S"
            )
        }
    }
}

extension Explanation {
    /// `passes: …` or `is denied: …`, to stand behind what it is about.
    var text: String {
        guard let droppedBy else { return ownText }
        return "is denied by another tool (\(droppedBy)); for jitgate it \(ownText)"
    }

    private var ownText: String {
        switch rule {
        case .unprotected: "passes: the port is not protected"
        case .loopback: "passes: it comes from this host itself"
        case .trusted: "passes: \(network?.description ?? "its network") is trusted"
        case .observe: "passes: no grant covers it, but the mode is observe"
        case .denied: "is denied: no grant covers it"
        case .grant:
            "passes until \(until.map(DisplayText.moment) ?? "?"): opened for \(network?.description ?? "?") by "
                + grants.map(\.description).joined(separator: ", ")
        }
    }
}

extension Prefix {
    /// An address alone where it is one.
    fileprivate var shortText: String {
        length == family.bitCount ? address.description : description
    }
}

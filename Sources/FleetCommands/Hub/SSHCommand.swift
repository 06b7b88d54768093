import ArgumentParser
import CommandSupport
import Grants
import Linux
import StrictJSON

struct SSHCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh",
        abstract: "Ask a hub for a host's SSH port, wait until it is open, and run ssh.",
        discussion: """
            The words after the options are those of ssh: a destination, [USER@]HOST, then its options \
            and a command. HOST is the name of the host in the grant, unless --host says another. If an \
            open grant of yours covers your address there, nobody is asked. Otherwise the request goes \
            to those who approve, who are named, and Ctrl-C ends the wait and leaves it pending.

              jitgate-fleet ssh dana@web-1
              jitgate-fleet ssh --for 30m --reason 'disk full' web-1 -v uptime

            In ~/.ssh/config either of these asks whenever ssh, scp, rsync or git connect:

              Match host *.prod.example.com exec "jitgate ssh --open-only %h"

              Host *.prod.example.com
                ProxyCommand sh -c 'jitgate ssh --open-only %h >&2 && exec nc %h %p'

            Exit status: that of ssh; else 1 refused, denied or withdrawn; 2 usage; and as in \
            sysexits.h: 69 the hub does not answer, 75 not open in time, 77 no permission, 78 bad \
            configuration.
            """
    )

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long (default: that of config.toml, else 1h).", valueName: "time"),
        transform: Duration.init(parsing:)
    )
    var duration: Duration?

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("The change or incident it is for.", valueName: "id"))
    var ticket: String?

    @Option(
        help: ArgumentHelp(
            "The host's name in the grant (default: as ssh has it).",
            valueName: "name"
        )
    )
    var host: String?

    @Option(
        help: ArgumentHelp("A protected port of the host (default: 22/tcp).", valueName: "port"),
        transform: Port.init(parsing:)
    )
    var port: [Port] = []

    @Option(
        help: ArgumentHelp("A network to open it for (default: my).", valueName: "cidr|my"),
        transform: SourceArgument.init(parsing:)
    )
    var source: [SourceArgument] = []

    @Flag(help: "Open the port, and run nothing.")
    var openOnly = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var hub: HubOptions
    @OptionGroup var format: FormatOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The destination, and what else ssh takes.", valueName: "words")
    )
    var words: [String]

    func validate() throws {
        if ["-h", "--help"].contains(words.first) { throw CleanExit.helpRequest(self) }
        guard let first = words.first, !first.hasPrefix("-"), !first.isEmpty else {
            throw ValidationError("the destination comes first, then the options of ssh")
        }
        guard !format.json || openOnly else {
            throw ValidationError("--json belongs to --open-only: ssh prints what it prints")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let client = try hub.client(on: console)
        let visit = try visit(client, console)
        let request = try visit.open(atMost: waiting.atMost)
        if format.json { console.print(json: request.value) }
        guard !openOnly else { return }
        let reason = ProgramReplacement.execute(["ssh"] + words)
        throw CommandFailure(.unavailable, "ssh cannot be run: \(reason)")
    }

    private func visit(
        _ client: HubClient,
        _ console: Console
    ) throws(CommandFailure) -> Visit {
        let destination = words.first ?? ""
        let name = host ?? destination.split(separator: "@").last.map(String.init) ?? destination
        let defaults = try RequestDefaults.own(console).defaults
        var wish = RequestWish(
            hosts: [try Self.pattern(name)],
            ports: port.isEmpty ? [Port(number: 22, transport: .tcp)].compactMap(\.self) : port,
            sources: source,
            duration: duration,
            reason: reason,
            ticket: ticket
        )
        wish = wish.completed(by: defaults)
        wish.sources = wish.sources.isEmpty ? [.my] : wish.sources
        wish.duration = wish.duration ?? .seconds(3600)
        return Visit(host: name.lowercased(), wish: wish, client: client, console: console)
    }

    private static func pattern(_ name: String) throws(CommandFailure) -> HostPattern {
        do throws(TextError) {
            return try HostPattern(parsing: name)
        } catch {
            throw CommandFailure(.usage, "\(error)", hints: ["name the host with --host"])
        }
    }
}

/// A visit of one host's port, which has to be open first.
struct Visit {
    let host: String
    let wish: RequestWish
    let client: HubClient
    let console: Console

    /// The grant that is open there already, or a new one, once it is open.
    func open(atMost limit: Duration?) throws(CommandFailure) -> HubRequest {
        let asking = Asking(client: client, console: console)
        let sources = try asking.origin.networks(of: wish.sources)
        if let open = try existing(sources) { return open }
        let grant = try grant(asking, sources)
        let sent = try asking.send(grant, isSigned: true)
        try asking.announce(sent)
        let wait = RequestWait(client: client, id: grant.id, limit: limit, console: console)
        return try wait.untilOpen(on: host)
    }

    /// An open request of the one who types that covers the port for these networks.
    private func existing(_ sources: [Prefix]) throws(CommandFailure) -> HubRequest? {
        let filters: [(name: String, value: String?)] = [
            ("state", "open"), ("mine", "true"), ("host", host),
        ]
        let requests = try RequestList(client: client, filters: filters).read(atMost: 100)
        return requests.first { request in
            guard RequestWait.isOpen(request, on: host),
                let grant = try? Grant(parsing: request.payload)
            else { return false }
            return wish.ports.allSatisfy(grant.ports.contains)
                && sources.allSatisfy { source in grant.sources.contains { $0.contains(source) } }
        }
    }

    private func grant(_ asking: Asking, _ sources: [Prefix]) throws(CommandFailure) -> Grant {
        let question = "Why do you need \(DisplayText.safe(host))? "
        guard let reason = wish.reason ?? console.ask?(question), !reason.isEmpty else {
            throw CommandFailure(
                .usage,
                "no reason is given",
                hints: ["give one with --reason, or in ~/.config/jitgate/config.toml"]
            )
        }
        let requestor =
            if let named = wish.requestor { named } else { try asking.origin.requestor() }
        let request = GrantRequest(
            hosts: wish.hosts,
            requestor: requestor,
            justification: reason,
            sources: sources,
            ports: wish.ports,
            duration: wish.duration,
            ticket: wish.ticket
        )
        var generator = SystemRandomNumberGenerator()
        let id = GrantID.random(using: &generator)
        guard let grant = request.grant(id: id, at: console.now()) else {
            throw CommandFailure(.usage, "say how long: --for TIME")
        }
        return grant
    }
}

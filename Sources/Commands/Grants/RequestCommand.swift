import ArgumentParser
import Grants
import StrictJSON

struct RequestCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Write a grant for somebody to sign.",
        discussion: """
            Where the policy has separate_requestor, the requestor signs too: `jitgate sign \
            --as-requestor`. With --for the time counts from when the port first opens. Unless --expires says \
            otherwise the grant then has to be signed and delivered within an hour.

              jitgate request --host web-1 --port 22/tcp --source my --for 2h \\
                --reason 'disk full'
              jitgate request --host 'db-*' --port 22/tcp --source 203.0.113.0/28 \\
                --not-before 2026-12-01T22:00:00Z --expires 2026-12-02T02:00:00Z \\
                --reason 'upgrade' -o upgrade.json
            """
    )

    @Option(
        help: ArgumentHelp(
            "A host it is for: a name, a glob, machine-id:HEX or label:NAME=VALUE,…",
            valueName: "host"
        ),
        transform: HostPattern.init(parsing:)
    )
    var host: [HostPattern]

    @Option(
        help: ArgumentHelp("A port to open, such as 22/tcp.", valueName: "port"),
        transform: Port.init(parsing:)
    )
    var port: [Port]

    @Option(
        help: ArgumentHelp("A network to open it for, or `my` for your own.", valueName: "cidr|my"),
        transform: SourceArgument.init(parsing:)
    )
    var source: [SourceArgument]

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long, such as 90m or 2h.", valueName: "time"),
        transform: Duration.init(parsing:)
    )
    var duration: Duration?

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String

    @Option(help: ArgumentHelp("The change or incident it is for.", valueName: "id"))
    var ticket: String?

    @Option(
        help: ArgumentHelp(
            "Who comes in (default: your login name, as allowed_signers here spells it).",
            valueName: "name"
        )
    )
    var requestor: String?

    @Option(
        help: ArgumentHelp("Open no earlier, RFC 3339 in UTC.", valueName: "moment"),
        transform: Moment.init(parsing:)
    )
    var notBefore: Moment?

    @Option(
        help: ArgumentHelp("Hold nothing open after this.", valueName: "moment"),
        transform: Moment.init(parsing:)
    )
    var expires: Moment?

    @Option(name: .shortAndLong, help: RequestFile.help, completion: .file())
    var output = "-"

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard duration != nil || expires != nil else {
            throw ValidationError("say how long: --for TIME, --expires MOMENT or both")
        }
        let named = [("--host", host.count), ("--port", port.count), ("--source", source.count)]
        if let missing = named.first(where: { $0.1 == 0 }) {
            throw ValidationError("\(missing.0) has to be there at least once")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        try RequestFile(output, format, policy).write(try grant(console), on: console)
    }

    /// The user's name as the signers here have it: nobody can sign under one that none has.
    private func typist(_ console: Console) throws(CommandFailure) -> String {
        let login = try console.userName()
        guard let name = LocalSigners(policy, on: console).spelling(of: login), name != login
        else { return login }
        let text = ShownText.safe(name.debugDescription)
        console.note("jitgate: the requestor is \(text), as allowed_signers has it (--requestor)")
        return name
    }

    private func grant(_ console: Console) throws(CommandFailure) -> Grant {
        let typist = requestor == nil ? try self.typist(console) : ""
        var sources: [Prefix] = []
        for argument in source { sources.append(try argument.prefix(console)) }
        let request = GrantRequest(
            hosts: host,
            requestor: requestor ?? typist,
            justification: reason,
            sources: sources,
            ports: port,
            duration: duration,
            notBefore: notBefore,
            expires: expires,
            ticket: ticket
        )
        var generator = SystemRandomNumberGenerator()
        let id = GrantID.random(using: &generator)
        let now = console.now()
        guard let grant = request.grant(id: id, at: now) else {
            throw CommandFailure(.usage, "say how long: --for TIME, --expires MOMENT or both")
        }
        guard grant.expires > max(now, notBefore ?? now) else {
            let end = "--expires \(grant.expires)"
            throw CommandFailure(.usage, "\(end): it would end before it begins")
        }
        return grant
    }
}

extension Console {
    /// Who types: also behind sudo.
    func userName() throws(CommandFailure) -> String {
        guard let name = variable("SUDO_USER") ?? variable("USER") else {
            throw CommandFailure(.usage, "USER is not set: say who comes in with --requestor")
        }
        return name
    }

    func print(json value: JSONValue) {
        write(value.prettyEncoded() + [UInt8(ascii: "\n")])
    }
}

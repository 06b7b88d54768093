import ArgumentParser
import CommandSupport
import Grants
import Linux
import StrictJSON

struct RequestCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Write a grant for somebody to sign.",
        discussion: """
            Where the policy has separate_requestor, the requestor signs too: `jitgate sign \
            --as-requestor`. With --for the time counts from when the port first opens. Unless --expires says \
            otherwise the grant then has to be signed and delivered within an hour. Defaults and \
            templates are read from ~/.config/jitgate/config.toml; jitgate-config(5) describes it.

              jitgate request --host web-1 --port 22/tcp --source my --for 2h \\
                --reason 'disk full'
              jitgate request                        asks on a terminal for what is missing
              jitgate request --template db --at 'tomorrow 22:00' --reason 'upgrade'
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
    var host: [HostPattern] = []

    @Option(
        help: ArgumentHelp("A port to open, such as 22/tcp.", valueName: "port"),
        transform: Port.init(parsing:)
    )
    var port: [Port] = []

    @Option(
        help: ArgumentHelp("A network to open it for, or `my` for your own.", valueName: "cidr|my"),
        transform: SourceArgument.init(parsing:)
    )
    var source: [SourceArgument] = []

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long, such as 90m or 2h.", valueName: "time"),
        transform: Duration.init(parsing:)
    )
    var duration: Duration?

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String?

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
        help: ArgumentHelp(
            "Open no earlier, as 'tomorrow 22:00', '2026-12-01 22:00' or +2h.",
            valueName: "time"
        )
    )
    var at: String?

    @Option(
        help: ArgumentHelp("A template of ~/.config/jitgate/config.toml.", valueName: "name")
    )
    var template: String?

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
        guard at == nil || notBefore == nil else {
            throw ValidationError("--at and --not-before both say when it opens: give one")
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
        let text = DisplayText.safe(name.debugDescription)
        console.note("jitgate: the requestor is \(text), as allowed_signers has it (--requestor)")
        return name
    }

    /// The request from the command line, a template, the defaults and the terminal.
    private func wish(_ console: Console) throws(CommandFailure) -> RequestWish {
        let file = try RequestDefaults.own(console)
        var wish = RequestWish(
            hosts: host,
            ports: port,
            sources: source,
            duration: duration,
            reason: reason,
            ticket: ticket,
            requestor: requestor
        )
        if let template { wish = wish.completed(by: try file.template(template)) }
        wish = wish.completed(by: file.defaults)
        if expires != nil, duration == nil { wish.duration = nil }
        if let dialogue = RequestDialogue(console) {
            try dialogue.complete(&wish)
            if wish.duration == nil, expires == nil { wish.duration = try dialogue.duration() }
        }
        return wish
    }

    private func grant(_ console: Console) throws(CommandFailure) -> Grant {
        let wish = try wish(console)
        try requireAll(of: wish)
        var sources: [Prefix] = []
        for argument in wish.sources { sources.append(try argument.prefix(console)) }
        let start = try start(console)
        let requestor = if let named = wish.requestor { named } else { try typist(console) }
        let request = GrantRequest(
            hosts: wish.hosts,
            requestor: requestor,
            justification: wish.reason ?? "",
            sources: sources,
            ports: wish.ports,
            duration: wish.duration,
            notBefore: start,
            expires: expires,
            ticket: wish.ticket
        )
        var generator = SystemRandomNumberGenerator()
        let id = GrantID.random(using: &generator)
        let now = console.now()
        guard let grant = request.grant(id: id, at: now) else {
            throw CommandFailure(.usage, "say how long: --for TIME, --expires MOMENT or both")
        }
        guard grant.expires > max(now, start ?? now) else {
            let end = "--expires \(grant.expires)"
            throw CommandFailure(.usage, "\(end): it would end before it begins")
        }
        return grant
    }

    private func requireAll(of wish: RequestWish) throws(CommandFailure) {
        guard wish.duration != nil || expires != nil else {
            throw CommandFailure(.usage, "say how long: --for TIME, --expires MOMENT or both")
        }
        let named = [
            ("--host", wish.hosts.count), ("--port", wish.ports.count),
            ("--source", wish.sources.count), ("--reason", wish.reason == nil ? 0 : 1),
        ]
        guard let missing = named.first(where: { $0.1 == 0 }) else { return }
        throw CommandFailure(.usage, "\(missing.0) has to be there at least once")
    }

    private func start(_ console: Console) throws(CommandFailure) -> Moment? {
        guard let at else { return notBefore }
        let argument = TimeArgument(now: console.now(), secondsEast: console.secondsEast)
        do throws(TextError) {
            return try argument.moment(at).wholeSecond
        } catch {
            throw CommandFailure(.usage, "--at: \(error)")
        }
    }
}

extension RequestDefaults {
    /// Those of the user, by the XDG base directories; none if there is no such file.
    static func own(_ console: Console) throws(CommandFailure) -> Self {
        let folder =
            console.variable("XDG_CONFIG_HOME") ?? console.variable("HOME").map { $0 + "/.config" }
        guard let path = folder.map({ $0 + "/jitgate/config.toml" }), FileAccess.exists(path) else {
            return Self()
        }
        return try Self(parsing: GrantFile.read(path, limit: fileLimit), file: path)
    }

    func template(_ name: String) throws(CommandFailure) -> RequestWish {
        if let wish = templates[name] { return wish }
        let known = templates.keys.sorted().joined(separator: ", ")
        throw CommandFailure(
            .usage,
            "there is no template \(DisplayText.safe(name.debugDescription))",
            hints: [known.isEmpty ? "config.toml has none" : "config.toml has \(known)"]
        )
    }
}

extension Console {
    /// The person who types, also behind sudo.
    func userName() throws(CommandFailure) -> String {
        guard let name = variable("SUDO_USER") ?? variable("USER") else {
            throw CommandFailure(.usage, "USER is not set: say who comes in with --requestor")
        }
        return name
    }
}

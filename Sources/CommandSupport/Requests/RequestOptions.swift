package import ArgumentParser
package import Grants

/// The things that a request takes from where it is written.
package struct RequestOrigin {
    package typealias Answer<Value> = () throws(CommandFailure) -> Value

    /// The name of the person who types.
    package let requestor: Answer<String>
    /// The networks that `my` stands for.
    package let addresses: Answer<[Prefix]>
    /// The sources of a request that states none.
    package let sources: [SourceArgument]

    package init(
        requestor: @escaping Answer<String>,
        addresses: @escaping Answer<[Prefix]>,
        sources: [SourceArgument] = []
    ) {
        (self.requestor, self.addresses, self.sources) = (requestor, addresses, sources)
    }
}

/// The options that say what is asked for.
package struct RequestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A host it is for: a name, a glob, machine-id:HEX or label:NAME=VALUE,…",
            valueName: "host"
        ),
        transform: HostPattern.init(parsing:)
    )
    package var host: [HostPattern] = []

    @Option(
        help: ArgumentHelp("A port to open, such as 22/tcp.", valueName: "port"),
        transform: Port.init(parsing:)
    )
    package var port: [Port] = []

    @Option(
        help: ArgumentHelp("A network to open it for, or `my` for your own.", valueName: "cidr|my"),
        transform: SourceArgument.init(parsing:)
    )
    package var source: [SourceArgument] = []

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long, such as 90m or 2h.", valueName: "time"),
        transform: Duration.init(parsing:)
    )
    package var duration: Duration?

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    package var reason: String?

    @Option(help: ArgumentHelp("The change or incident it is for.", valueName: "id"))
    package var ticket: String?

    @Option(
        help: ArgumentHelp(
            "Who comes in (default: your login name, as allowed_signers here spells it).",
            valueName: "name"
        )
    )
    package var requestor: String?

    @Option(
        help: ArgumentHelp("Open no earlier, RFC 3339 in UTC.", valueName: "moment"),
        transform: Moment.init(parsing:)
    )
    package var notBefore: Moment?

    @Option(
        help: ArgumentHelp(
            "Open no earlier, as 'tomorrow 22:00', '2026-12-01 22:00' or +2h.",
            valueName: "time"
        )
    )
    package var at: String?

    @Option(
        help: ArgumentHelp("A template of ~/.config/jitgate/config.toml.", valueName: "name")
    )
    package var template: String?

    @Option(
        help: ArgumentHelp("Hold nothing open after this.", valueName: "moment"),
        transform: Moment.init(parsing:)
    )
    package var expires: Moment?

    package init() {}

    package func validate() throws {
        guard at == nil || notBefore == nil else {
            throw ValidationError("--at and --not-before both say when it opens: give one")
        }
    }

    /// The request from the command line, a template, the defaults and the terminal.
    private func wish(
        _ origin: RequestOrigin,
        _ console: Console
    ) throws(CommandFailure) -> RequestWish {
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
        if wish.sources.isEmpty { wish.sources = origin.sources }
        if expires != nil, duration == nil { wish.duration = nil }
        if let dialogue = RequestDialogue(console) {
            try dialogue.complete(&wish)
            if wish.duration == nil, expires == nil { wish.duration = try dialogue.duration() }
        }
        return wish
    }

    /// The grant that is asked for, with an id of its own.
    package func grant(
        from origin: RequestOrigin,
        on console: Console
    ) throws(CommandFailure) -> Grant {
        let wish = try wish(origin, console)
        try requireAll(of: wish)
        let sources = try origin.networks(of: wish.sources)
        let start = try start(console)
        let requestor = if let named = wish.requestor { named } else { try origin.requestor() }
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

extension RequestOrigin {
    /// The networks that sources on a command line stand for.
    package func networks(of sources: [SourceArgument]) throws(CommandFailure) -> [Prefix] {
        var networks: [Prefix] = []
        for source in sources {
            switch source {
            case .network(let prefix): networks.append(prefix)
            case .my: networks += try addresses().filter { !networks.contains($0) }
            }
        }
        return networks
    }
}

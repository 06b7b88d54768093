package import Grants
import Linux
import StrictTOML

/// A request as far as it has been stated: on the command line, in a template, or by defaults.
package struct RequestWish: Hashable, Sendable {
    package var hosts: [HostPattern]
    package var ports: [Port]
    package var sources: [SourceArgument]
    package var duration: Duration?
    package var reason: String?
    package var ticket: String?
    package var requestor: String?

    package init(
        hosts: [HostPattern] = [],
        ports: [Port] = [],
        sources: [SourceArgument] = [],
        duration: Duration? = nil,
        reason: String? = nil,
        ticket: String? = nil,
        requestor: String? = nil
    ) {
        (self.hosts, self.ports, self.sources) = (hosts, ports, sources)
        (self.duration, self.reason) = (duration, reason)
        (self.ticket, self.requestor) = (ticket, requestor)
    }

    /// Takes over values that are missing here; lists are taken as a whole.
    package func completed(by other: Self) -> Self {
        var wish = self
        if hosts.isEmpty { wish.hosts = other.hosts }
        if ports.isEmpty { wish.ports = other.ports }
        if sources.isEmpty { wish.sources = other.sources }
        wish.duration = duration ?? other.duration
        wish.reason = reason ?? other.reason
        wish.ticket = ticket ?? other.ticket
        wish.requestor = requestor ?? other.requestor
        return wish
    }
}

/// A user's own file of defaults and templates for requests: `config.toml` (jitgate-config(5)).
package struct RequestDefaults: Hashable, Sendable {
    static let fileLimit = 1 << 16
    private static let keys = ["host", "port", "source", "for", "reason", "ticket", "requestor"]

    package private(set) var defaults = RequestWish()
    /// The URL of the hub, as it is written.
    package private(set) var hub: String?
    /// The authorities that the certificate of the hub may come from; `nil`: the system's.
    package private(set) var hubAuthorities: String?
    private(set) var templates: [String: RequestWish] = [:]

    /// No defaults and no templates.
    init() {}

    /// Reads the file, and reports all its mistakes; messages call it `name`.
    init(parsing bytes: [UInt8], file name: String) throws(CommandFailure) {
        let document: TOMLDocument
        do throws(TOMLProblem) {
            document = try TOMLDocument(bytes)
        } catch {
            throw Self.failure([error], name)
        }
        let findings = TOMLFindings(document: document)
        let root = TOMLTable(document.root, at: TOMLPath(), findings: findings)
        root.refuseAllBut(Self.keys + ["hub", "hub_ca", "template"], of: "this file")
        defaults = Self.wish(root)
        hub = root.text("hub")
        hubAuthorities = root.value("hub_ca") { setting throws(TOMLValue.Refusal) in
            try setting.path()
        }
        let table = root.table("template")
        for key in table.keys {
            let template = table.table(key)
            template.refuseAllBut(Self.keys, of: "a template")
            templates[key] = Self.wish(template)
        }
        guard findings.problems.isEmpty else { throw Self.failure(findings.problems, name) }
    }

    private static func failure(_ problems: [TOMLProblem], _ name: String) -> CommandFailure {
        let lines = problems.map { "\(name):\($0)" }
        return CommandFailure(.configuration, lines.joined(separator: "\n"))
    }

    private static func wish(_ table: TOMLTable) -> RequestWish {
        RequestWish(
            hosts: table.parsed("host", HostPattern.init(parsing:)),
            ports: table.parsed("port", Port.init(parsing:)),
            sources: table.parsed("source", SourceArgument.init(parsing:)),
            duration: table.parsed("for", Duration.init(parsing:)),
            reason: table.text("reason"),
            ticket: table.text("ticket"),
            requestor: table.text("requestor")
        )
    }
}

extension TOMLTable {
    fileprivate func text(_ key: String) -> String? {
        value(key) { setting throws(TOMLValue.Refusal) in try setting.string() }
    }

    fileprivate func parsed<Value>(
        _ key: String,
        _ parse: (String) throws(TextError) -> Value
    ) -> Value? {
        value(key) { setting throws(TOMLValue.Refusal) in try setting.parsed(parse) }
    }

    /// The values of an array, or a single one.
    fileprivate func parsed<Value>(
        _ key: String,
        _ parse: (String) throws(TextError) -> Value
    ) -> [Value] {
        let isSingle = value(key) { setting throws(TOMLValue.Refusal) in setting.isString } ?? false
        guard !isSingle else { return parsed(key, parse).map { [$0] } ?? [] }
        return list(key) { setting throws(TOMLValue.Refusal) in try setting.parsed(parse) } ?? []
    }
}

extension TOMLValue {
    fileprivate var isString: Bool { (try? string()) != nil }

    fileprivate func parsed<Value>(
        _ parse: (String) throws(TextError) -> Value
    ) throws(Refusal) -> Value {
        let text = try string()
        do throws(TextError) {
            return try parse(text)
        } catch {
            throw Refusal("is \(QuotedText(text))", error.description)
        }
    }
}

extension RequestDefaults {
    /// Those of the user, by the XDG base directories; none if there is no such file.
    package static func own(_ console: Console) throws(CommandFailure) -> Self {
        let folder =
            console.variable("XDG_CONFIG_HOME") ?? console.variable("HOME").map { $0 + "/.config" }
        guard let path = folder.map({ $0 + "/jitgate/config.toml" }), FileAccess.exists(path) else {
            return Self()
        }
        return try Self(parsing: GrantFile.read(path, limit: fileLimit), file: path)
    }

    package func template(_ name: String) throws(CommandFailure) -> RequestWish {
        if let wish = templates[name] { return wish }
        let known = templates.keys.sorted().joined(separator: ", ")
        throw CommandFailure(
            .usage,
            "there is no template \(DisplayText.safe(name.debugDescription))",
            hints: [known.isEmpty ? "config.toml has none" : "config.toml has \(known)"]
        )
    }
}

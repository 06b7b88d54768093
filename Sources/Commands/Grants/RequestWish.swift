import CommandSupport
import Grants
import StrictTOML

/// A request as far as it has been stated: on the command line, in a template, or by defaults.
struct RequestWish: Hashable, Sendable {
    var hosts: [HostPattern] = []
    var ports: [Port] = []
    var sources: [SourceArgument] = []
    var duration: Duration?
    var reason: String?
    var ticket: String?
    var requestor: String?

    /// Takes over values that are missing here; lists are taken as a whole.
    func completed(by other: Self) -> Self {
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
struct RequestDefaults: Hashable, Sendable {
    static let fileLimit = 1 << 16
    private static let keys = ["host", "port", "source", "for", "reason", "ticket", "requestor"]

    private(set) var defaults = RequestWish()
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
        root.refuseAllBut(Self.keys + ["template"], of: "this file")
        defaults = Self.wish(root)
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

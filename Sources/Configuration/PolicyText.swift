import Admission
import Grants

/// A configuration as a policy file that says everything and leaves nothing to a default.
struct PolicyText {
    private(set) var text = ""

    init(_ configuration: Configuration) {
        add("mode", quoted(configuration.policy.mode.rawValue))
        add("keep_existing", "\(configuration.policy.keepExisting)")
        configuration.hostname.map { add("hostname", quoted($0)) }
        add("trusted", list(configuration.policy.trusted.map(\.description)))
        addGrants(configuration)
        for (port, rules) in configuration.policy.ports.sorted(by: { $0.key < $1.key }) {
            addPort(port, rules)
        }
        addRest(configuration)
    }

    private mutating func addGrants(_ configuration: Configuration) {
        text += "\n[grants]\n"
        add("directories", list(configuration.grantDirectories))
        add("allowed_signers", quoted(configuration.allowedSigners))
        add("ended_files", quoted(configuration.endedFiles.rawValue))
    }

    private mutating func addPort(_ port: Port, _ rules: PortRules) {
        text += "\n[[port]]\n"
        add("number", "\(port.number)")
        add("protocol", quoted(port.transport.rawValue))
        add("max_duration", quoted(rules.maxDuration.text))
        add("widest_source", list(["/\(rules.widestIPv4)", "/\(rules.widestIPv6)"]))
        add("allowed_sources", list(rules.allowedSources.map(\.description)))
        add("approvals", "\(rules.approvals)")
        add("separate_requestor", "\(rules.separateRequestor)")
        add("require_justification", "\(rules.requireJustification)")
        add("on_expiry", quoted(rules.onExpiry.rawValue))
    }

    private mutating func addRest(_ configuration: Configuration) {
        text += "\n[audit]\n"
        add("directory", quoted(configuration.auditDirectory))
        add("denied_per_second", "\(configuration.deniedPerSecond)")
        add("log_group", "\(configuration.logGroup)")
        text += "\n[state]\n"
        add("directory", quoted(configuration.stateDirectory))
        text += "\n[control]\n"
        add("socket", quoted(configuration.controlSocket))
        add("group", quoted(configuration.controlGroup))
    }

    private mutating func add(_ key: String, _ value: String) {
        text += "\(key) = \(value)\n"
    }

    private func list(_ elements: [String]) -> String {
        "[" + elements.map(quoted).joined(separator: ", ") + "]"
    }

    private func quoted(_ value: String) -> String {
        QuotedText(value, limit: .max).description
    }
}

extension Configuration {
    /// The effective policy as a file that reads back as this very configuration.
    package var toml: String { PolicyText(self).text }
}

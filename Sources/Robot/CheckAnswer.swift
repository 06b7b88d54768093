package import Grants
package import StrictJSON

/// The answer of a check about a request.
package enum CheckAnswer: Hashable, Sendable {
    /// It may be opened, until a moment at the latest.
    case allow(until: Moment?, reason: String)
    case deny(reason: String)
    /// The check has no say in such a request: people decide.
    case pass(reason: String)
    /// There is no answer, which means no.
    case failed(reason: String)

    /// Reads what a check printed.
    package init(parsing bytes: [UInt8]) {
        guard
            let value = try? JSONNode.parse(bytes, limits: .init(bytes: 64 << 10, depth: 16)).value
        else {
            self = .failed(reason: "it printed no JSON")
            return
        }
        let reason = value["reason"]?.text ?? ""
        switch value["decision"]?.text {
        case "allow": self = Self.allow(value["until"], reason)
        case "deny": self = .deny(reason: reason)
        case "pass": self = .pass(reason: reason)
        default: self = .failed(reason: "it decided neither allow nor deny nor pass")
        }
    }

    private static func allow(_ until: JSONValue?, _ reason: String) -> Self {
        guard let until, until != .null else { return .allow(until: nil, reason: reason) }
        guard let text = until.text, let moment = try? Moment(parsing: text) else {
            return .failed(reason: "its `until` is not a UTC time such as 2026-12-01T12:00:00Z")
        }
        return .allow(until: moment, reason: reason)
    }

    package var reason: String {
        switch self {
        case .allow(_, let reason), .deny(let reason), .pass(let reason), .failed(let reason):
            reason
        }
    }

    /// The decision in a word.
    package var word: String {
        switch self {
        case .allow: "allow"
        case .deny: "deny"
        case .pass: "pass"
        case .failed: "failed"
        }
    }

    /// The answer as a check prints it.
    package var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("decision", .string(word)), .init("reason", .string(reason)),
        ]
        if case .allow(let until?, _) = self {
            members.append(.init("until", .string(until.description)))
        }
        return .object(members)
    }
}

/// The answer of one check, by its name.
package struct NamedAnswer: Hashable, Sendable {
    package let name: String
    package let answer: CheckAnswer

    package init(_ name: String, _ answer: CheckAnswer) {
        (self.name, self.answer) = (name, answer)
    }

    var text: String { answer.reason.isEmpty ? name : "\(name): \(answer.reason)" }

    package var json: JSONValue {
        guard case .object(let members) = answer.json else { return .null }
        return .object([.init("check", .string(name))] + members)
    }
}

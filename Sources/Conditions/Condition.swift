package import Grants
package import StrictJSON

/// One thing that is wrong with a host, or worth knowing about it.
///
/// Each code has one function that words it; the files beside this one have them by area.
package struct Condition: Error, Hashable, Sendable {
    /// A word of docs/CONDITIONS.md; an agent of another version may have words of its own.
    package let code: String
    package let severity: Severity
    /// The path, port, network or chain that it is about.
    package let subject: String
    /// The time at which it arose, by the wall clock; `nil` if that is not known.
    package let since: Moment?
    /// One clause for people.
    package let message: String
    /// A command, or another advice.
    package let remedy: String?

    init(_ code: ConditionCode, _ subject: String, _ message: String, mend remedy: String?) {
        self.code = code.rawValue
        severity = code.severity
        self.subject = subject
        since = nil
        self.message = message
        self.remedy = remedy
    }

    private init(_ other: Condition, since moment: Moment?) {
        (code, severity, subject) = (other.code, other.severity, other.subject)
        (message, remedy) = (other.message, other.remedy)
        since = moment
    }

    /// The same condition, with the time at which it arose.
    package func since(_ moment: Moment?) -> Condition { Condition(self, since: moment) }

    /// The area of the host that it belongs to, in a word.
    package var area: String { (ConditionCode(rawValue: code)?.area ?? .agent).rawValue }

    /// Returns true if the other one is about the same thing, however it is worded.
    package func matches(_ other: Condition) -> Bool {
        code == other.code && subject == other.subject
    }
}

extension Condition {
    package var jsonValue: JSONValue {
        [
            "code": .string(code), "severity": .string(severity.rawValue),
            "subject": .string(subject),
            "since": since.map { .string($0.description) } ?? .null,
            "message": .string(message), "remedy": remedy.map { .string($0) } ?? .null,
        ]
    }

    /// Reads what `jsonValue` writes; `nil` if a member is missing or of the wrong type.
    package init?(_ value: JSONValue) {
        let since = value["since"] ?? .null
        let remedy = value["remedy"] ?? .null
        guard let code = value["code"]?.text, let subject = value["subject"]?.text,
            let severity = value["severity"]?.text.flatMap(Severity.init(rawValue:)),
            let message = value["message"]?.text, remedy == .null || remedy.text != nil
        else { return nil }
        (self.code, self.severity, self.subject, self.message) = (code, severity, subject, message)
        self.remedy = remedy.text
        do {
            self.since = try since.text.map { try Moment(parsing: $0) }
        } catch {
            return nil
        }
        guard since == .null || self.since != nil else { return nil }
    }
}

extension Sequence<Condition> {
    /// True if none is an error.
    package var areHealthy: Bool { allSatisfy { $0.severity < .error } }
}

/// Remedies of more than one condition.
enum Remedy {
    static let asRoot = "run this as root"
}

extension [String] {
    /// The first of these names, and how many others there are.
    func listed(atMost count: Int = 5) -> String {
        let rest = self.count > count ? " and \(self.count - count) more" : ""
        return prefix(count).joined(separator: ", ") + rest
    }
}

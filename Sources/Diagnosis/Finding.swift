package import StrictJSON

/// One thing that `jitgate doctor` found out.
package struct Finding: Error, Hashable {
    package enum Severity: String, Hashable, Sendable, CaseIterable, Comparable {
        case ok
        /// Worth knowing, and nothing has to be done.
        case note
        /// It may not be what you want.
        case warning
        /// It keeps jitgate from working or from being safe.
        case error

        package static func < (left: Self, right: Self) -> Bool {
            (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
        }
    }

    package let severity: Severity
    /// The thing that was checked, in a word or two.
    package let subject: String
    /// The finding: one clause.
    package let reason: String
    /// The command, or what else there is to do.
    package let remedy: String?

    private init(_ severity: Severity, _ subject: String, _ reason: String, _ remedy: String?) {
        self.severity = severity
        self.subject = subject
        self.reason = reason
        self.remedy = remedy
    }

    static func ok(_ subject: String, _ reason: String) -> Finding {
        Finding(.ok, subject, reason, nil)
    }

    static func note(_ subject: String, _ reason: String, mend remedy: String? = nil) -> Finding {
        Finding(.note, subject, reason, remedy)
    }

    package static func warning(_ subject: String, _ reason: String, mend remedy: String?)
        -> Finding
    {
        Finding(.warning, subject, reason, remedy)
    }

    package static func error(_ subject: String, _ reason: String, mend remedy: String?) -> Finding
    {
        Finding(.error, subject, reason, remedy)
    }

    package var json: JSONValue {
        [
            "severity": .string(severity.rawValue),
            "subject": .string(subject),
            "reason": .string(reason),
            "remedy": remedy.map { .string($0) } ?? .null,
        ]
    }
}

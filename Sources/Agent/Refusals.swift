import Admission
import Auditing
import Grants

/// The records of files that opened nothing.
extension AuditEntry {
    /// A file without any statement that could be understood, or that its signers may not make.
    static func refused(_ path: String, code: String, _ text: String) -> Self {
        Self(
            .grantRefused,
            "Refused \(path): \(text)",
            fields: [.file: [path], .reason: ["\(code): \(text)"]]
        )
    }

    /// A grant that policy does not allow.
    static func refused(_ facts: GrantProvenance, _ refusal: Refusal) -> Self {
        var entry = Self(
            .grantRefused,
            "Refused \(facts.file): \(refusal)",
            fields: facts.fields
        )
        entry.fields[.reason] = ["\(refusal.rule): \(refusal)"]
        return entry
    }

    /// A file of the agent's own, such as the policy, that does not take effect.
    static func refused(_ text: String, _ path: String, because problem: String) -> Self {
        let fields: [AuditField: [String]] = [.file: [path], .reason: [problem]]
        return Self(.policyRefused, "\(text): \(problem)", fields: fields)
    }

    /// A grant that was revoked or superseded before it came; should it come it is refused.
    static func barred(
        _ id: GrantID,
        because reason: EndReason,
        _ fields: [AuditField: [String]]
    ) -> Self {
        let text = "Barred \(id): \(reason.rawValue) before it came"
        var entry = Self(.grantClosed, text, fields: fields)
        entry.fields[.grant] = [id.description]
        entry.fields[.reason] = [reason.rawValue]
        return entry
    }
}

extension AuditEntry {
    /// Returns true if both refuse the same file for the same reason; the words may tell the time
    /// of day.
    func refuses(as other: Self) -> Bool {
        let code = { (entry: Self) in entry[.reason]?.prefix { $0 != ":" } }
        return event == other.event && self[.file] == other[.file]
            && self[.digest] == other[.digest] && code(self) == code(other)
    }
}

package import StrictJSON
package import Varlink

/// What became of a dropped file: the answer to Verdict.
package struct SubmissionResult: VarlinkCodable {
    package enum Outcome: String, Hashable, Sendable, CaseIterable {
        /// Nothing is known of it yet.
        case pending
        case accepted
        case refused
    }

    package var outcome: Outcome
    /// The grants it is about, once the file could be read.
    package var ids: [String]
    /// Why it was refused, for programs.
    package var code: String?
    /// Why it was refused, for people: one lower-case clause.
    package var reason: String?
    /// RFC 3339; when its access ends, once it is open.
    package var deadline: String?

    package init(
        outcome: Outcome,
        ids: [String] = [],
        code: String? = nil,
        reason: String? = nil,
        deadline: String? = nil
    ) {
        self.outcome = outcome
        self.ids = ids
        self.code = code
        self.reason = reason
        self.deadline = deadline
    }

    package static let pending = SubmissionResult(outcome: .pending)

    package init(from value: JSONValue) throws(MemberError) {
        let object = try VarlinkObject(value)
        self.init(
            outcome: try object.required("outcome") { $0.text.flatMap(Outcome.init) },
            ids: try object.texts("ids"),
            code: try object.optionalText("code"),
            reason: try object.optionalText("reason"),
            deadline: try object.optionalText("deadline")
        )
    }

    package var jsonValue: JSONValue {
        [
            "outcome": .string(outcome.rawValue),
            "ids": JSONValue(texts: ids),
            "code": JSONValue(code),
            "reason": JSONValue(reason),
            "deadline": JSONValue(deadline),
        ]
    }
}

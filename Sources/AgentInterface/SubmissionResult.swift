package import Grants
package import StrictJSON
package import Varlink

/// The result of a dropped file: the answer to Verdict.
package struct SubmissionResult: VarlinkCodable {
    package static let members = [
        VarlinkMember("outcome", oneOf: Outcome.self),
        VarlinkMember("ids", "[]string", "The grants it is about, once the file could be read"),
        VarlinkMember(
            "code",
            "?string",
            "Why it was refused: a code for programs and a clause for people"
        ),
        VarlinkMember("reason", "?string"),
        VarlinkMember("deadline", "?string", "When its access ends, once it is open"),
    ]

    package enum Outcome: String, Hashable, Sendable, CaseIterable {
        /// Nothing is known of it yet.
        case pending
        case accepted
        case refused
    }

    package var outcome: Outcome
    /// The grants it is about, once the file could be read.
    package var ids: [GrantID]
    /// The reason of a refusal, for programs.
    package var code: String?
    /// The reason of a refusal, for people: one lower-case clause.
    package var reason: String?
    /// The end of its access, once it is open.
    package var deadline: Moment?

    package init(
        outcome: Outcome,
        ids: [GrantID] = [],
        code: String? = nil,
        reason: String? = nil,
        deadline: Moment? = nil
    ) {
        self.outcome = outcome
        self.ids = ids
        self.code = code
        self.reason = reason
        self.deadline = deadline
    }

    package static let pending = SubmissionResult(outcome: .pending)

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        self.init(
            outcome: try object.choice("outcome"),
            ids: try object.values("ids", GrantID.init(parsing:)),
            code: try object.optionalText("code"),
            reason: try object.optionalText("reason"),
            deadline: try object.optionalValue("deadline", Moment.init(parsing:))
        )
    }

    package var jsonValue: JSONValue {
        [
            "outcome": .string(outcome.rawValue),
            "ids": JSONValue(texts: ids),
            "code": JSONValue(code),
            "reason": JSONValue(reason),
            "deadline": JSONValue(text: deadline),
        ]
    }
}

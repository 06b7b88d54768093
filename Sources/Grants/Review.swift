import StrictJSON

/// The content of a signed review: the judgement of a break-glass grant after the fact.
package struct Review: Hashable, Sendable {
    /// The reviewers' judgement of the access.
    package enum Outcome: String, Hashable, Sendable, CaseIterable {
        case justified
        case unjustified
    }

    package let grant: GrantID
    package let hosts: [HostPattern]
    package let outcome: Outcome
    package let reason: String

    package init(grant: GrantID, hosts: [HostPattern], outcome: Outcome, reason: String) {
        self.grant = grant
        self.hosts = hosts
        self.outcome = outcome
        self.reason = reason
    }
}

extension Review {
    /// The `jitgate` field of a review.
    package static let kind = "review/1"

    /// Reads a review from the bytes that its signers signed.
    package init(
        parsing bytes: [UInt8],
        under rules: RulesVersion = .current
    ) throws(GrantSyntaxError) {
        try self.init(SignedObject(parsing: bytes), under: rules)
    }

    package init(_ object: SignedObject, under rules: RulesVersion) throws(GrantSyntaxError) {
        let names = ["grant", "hosts", "outcome", "reason"]
        let fields = try FieldReader(object, kind: Self.kind, fields: names)
        self.init(
            grant: try fields.required(fields.value("grant", GrantID.init(parsing:)), "grant"),
            hosts: try fields.hosts(under: rules),
            outcome: try fields.required(
                fields.value("outcome", Outcome.init(parsing:)),
                "outcome"
            ),
            reason: try fields.required(fields.text("reason", count: 1...1024), "reason")
        )
    }

    /// The review as a file to be signed: indented JSON, ended by a line feed.
    package func payload() -> [UInt8] {
        let object: JSONValue = [
            "jitgate": .string(Self.kind),
            "grant": .string(grant.description),
            "hosts": .array(hosts.map { .string($0.description) }),
            "outcome": .string(outcome.rawValue),
            "reason": .string(reason),
        ]
        return object.prettyEncoded() + [UInt8(ascii: "\n")]
    }
}

extension Review.Outcome {
    init(parsing text: String) throws(TextError) {
        guard let outcome = Self(rawValue: text) else {
            let all = Self.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw TextError("`\(text)` is no outcome; \(all) is one")
        }
        self = outcome
    }
}

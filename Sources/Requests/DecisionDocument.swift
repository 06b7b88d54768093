package import Grants
package import Signatures
import StrictJSON

/// The content of a signed decision: the end of a request that nothing came of.
package struct DecisionDocument: HubDocument {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// An approver says no.
        case deny
        /// The one who asked, or a signer, takes it back.
        case withdraw
    }

    package let request: GrantID
    /// The SHA-256 of the payload of the request, in hex: the very bytes that are decided about.
    package let payloadDigest: String
    package let decision: Kind
    package let reason: String

    package init(request: GrantID, payloadDigest: String, decision: Kind, reason: String) {
        (self.request, self.payloadDigest) = (request, payloadDigest)
        (self.decision, self.reason) = (decision, reason)
    }
}

extension DecisionDocument {
    package static let kind = "decision/1"
    package static let namespace = SignatureNamespace.decision

    package init(_ object: SignedObject) throws(GrantSyntaxError) {
        let names = ["request", "payload", "decision", "reason"]
        let fields = try FieldReader(object, kind: Self.kind, fields: names)
        self.init(
            request: try fields.required(
                fields.value("request", GrantID.init(parsing:)),
                "request"
            ),
            payloadDigest: try fields.required(fields.value("payload", Self.digest), "payload"),
            decision: try fields.required(
                fields.value("decision", Kind.init(parsing:)),
                "decision"
            ),
            reason: try fields.required(fields.text("reason", count: 1...1024), "reason")
        )
    }

    package func payload() -> [UInt8] {
        let object: JSONValue = [
            "jitgate": .string(Self.kind), "request": .string(request.description),
            "payload": .string(payloadDigest), "decision": .string(decision.rawValue),
            "reason": .string(reason),
        ]
        return object.prettyEncoded() + [UInt8(ascii: "\n")]
    }

    private static func digest(_ text: String) throws(TextError) -> String {
        let isHexadecimal = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        guard text.utf8.count == 64, isHexadecimal else {
            throw TextError("a SHA-256 has 64 digits of 0-9 and a-f")
        }
        return text
    }
}

extension DecisionDocument.Kind {
    package init(parsing text: String) throws(TextError) {
        guard let kind = Self(rawValue: text) else {
            let all = Self.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw TextError("`\(text)` is no decision; \(all) is one")
        }
        self = kind
    }
}

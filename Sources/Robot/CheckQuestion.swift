package import Grants
package import Signatures
package import StrictJSON

/// The facts about a request that a check is told, as one line of JSON (jitgate-fleet-robot(1)).
package struct CheckQuestion: Sendable {
    package static let kind = "check/1"

    private let value: JSONValue

    /// `payload` and `signatures` are verified; `outlook` and `address` are what the hub says, and `evidence` is what
    /// the requestor sent.
    package init(
        payload: JSONValue,
        sha256: String,
        signatures: [VerifiedSignature],
        outlook: JSONValue,
        evidence: String? = nil,
        address: String? = nil,
        hub: String,
        at now: Moment
    ) {
        let signers = signatures.map { signature -> JSONValue in
            [
                "name": .string(signature.principal), "key": .string(signature.fingerprint),
                "namespace": .string(signature.namespace.rawValue),
            ]
        }
        value = [
            "jitgate": .string(Self.kind), "now": .string(now.description), "hub": .string(hub),
            "request": payload, "sha256": .string(sha256), "signatures": .array(signers),
            "outlook": outlook, "evidence": .optional(evidence), "address": .optional(address),
        ]
    }

    package var line: [UInt8] { value.encoded() + [UInt8(ascii: "\n")] }
}

/// A question as a check reads it.
package struct AskedRequest: Sendable {
    package let now: Moment
    /// The requested grant.
    package let request: JSONValue
    /// The SHA-256 of its payload, in hex.
    package let sha256: String
    /// The text that the requestor sent along.
    package let evidence: String?
    /// The address that the hub saw the request come from.
    package let address: String?

    package init(parsing bytes: [UInt8]) throws(TextError) {
        let limits = JSONNode.Limits(bytes: 4 << 20, depth: 32)
        guard let value = try? JSONNode.parse(bytes, limits: limits).value,
            value["jitgate"]?.text == CheckQuestion.kind, let request = value["request"],
            let text = value["now"]?.text
        else { throw TextError("the standard input is not a question of jitgate-fleet robot") }
        self.request = request
        sha256 = value["sha256"]?.text ?? ""
        (evidence, address) = (value["evidence"]?.text, value["address"]?.text)
        now = try Moment(parsing: text)
    }

    package var requestor: String { request["requestor"]?.text ?? "" }
    package var sources: [String] { (request["sources"]?.items ?? []).compactMap(\.text) }
    package var ticket: String? { request["ticket"]?.text }
    package var hosts: [String] { (request["hosts"]?.items ?? []).compactMap(\.text) }

    /// The first moment at which the access can begin.
    package var start: Moment {
        let stated = request["not_before"]?.text.flatMap { try? Moment(parsing: $0) }
        return max(now, stated ?? now)
    }
}

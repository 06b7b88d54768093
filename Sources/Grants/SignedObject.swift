import StrictJSON

/// A signed JSON object, parsed once, of which the fields are not read yet.
package struct SignedObject: Sendable {
    let node: JSONNode
    let members: [JSONNode.Member]

    /// Parses the bytes that the signers signed.
    package init(parsing bytes: [UInt8]) throws(GrantSyntaxError) {
        do {
            node = try JSONNode.parse(bytes, limits: .init(bytes: 64 * 1024, depth: 4))
        } catch {
            throw GrantSyntaxError(
                code: .malformedJSON,
                position: error.position,
                field: "",
                reason: error.reason
            )
        }
        guard case .object(let members) = node.content else {
            throw FieldReader.error(.wrongType, node, "", "this is not a JSON object")
        }
        self.members = members
    }

    /// The kind that the `jitgate` field names; `nil` if it names none.
    package var kind: String? {
        guard let member = members.first(where: { $0.name == "jitgate" }),
            case .string(let text) = member.node.content
        else { return nil }
        return text
    }
}

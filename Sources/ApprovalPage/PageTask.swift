import Grants
package import Signatures
package import StrictJSON

/// The task of a page (docs/PROTOCOL.page, section 3).
package enum PageTask: Sendable {
    /// Sign a payload with one of these passkeys.
    case approve(payload: [UInt8], namespace: SignatureNamespace, signers: [PasskeyLine])
    /// Make a passkey for a name, on none of the authenticators that hold `exclude`.
    case enroll(name: String, exclude: [String])

    /// The task as the page reads it.
    package func json(relyingParty: String, answerToken: String) -> JSONValue {
        let own: [JSONValue.Member]
        switch self {
        case .approve(let payload, let namespace, let signers):
            own = [
                .init("task", "approve"),
                .init("namespace", .string(namespace.rawValue)),
                .init("payload", .string(Base64.encode(payload))),
                .init("signers", .array(signers.map(Self.json))),
            ]
        case .enroll(let name, let exclude):
            own = [
                .init("task", "enroll"),
                .init("namespaces", .string(SignatureNamespace.grant.rawValue)),
                .init("name", .string(name)),
                .init("exclude", .array(exclude.map { .string($0) })),
            ]
        }
        return .object(
            own + [
                .init("rp", .string(relyingParty)),
                .init("answer_token", .string(answerToken)),
                .init("cancel", true),
            ]
        )
    }

    private static func json(_ line: PasskeyLine) -> JSONValue {
        [
            "name": .string(line.name), "credential": .string(line.credential),
            "key": .string(Base64.encode(line.key)),
        ]
    }
}

/// The answer of a page; nothing in it is verified yet.
package enum PageAnswer: Hashable, Sendable {
    case signature(armor: [UInt8])
    case passkey(key: [UInt8], credential: String, isSynced: Bool)
    case cancelled

    /// Reads an answer that carries `token`; `nil` if it is none.
    package init?(parsing body: [UInt8], token: String) {
        let limits = JSONNode.Limits(bytes: 64 * 1024, depth: 2)
        guard let value = try? JSONNode.parse(body, limits: limits).value,
            case .object(let members) = value, value["answer_token"]?.text == token
        else { return nil }
        let names = Set(members.map(\.name)).subtracting(["answer_token"])
        if names == ["signature"], let armor = value["signature"]?.text {
            self = .signature(armor: Array(armor.utf8))
        } else if names == ["key", "credential", "synced"],
            let key = (value["key"]?.text).flatMap({ Base64.decode(Array($0.utf8)) }),
            let credential = value["credential"]?.text, let isSynced = value["synced"]?.flag
        {
            self = .passkey(key: key, credential: credential, isSynced: isSynced)
        } else if names == ["cancelled"], value["cancelled"]?.flag == true {
            self = .cancelled
        } else {
            return nil
        }
    }
}

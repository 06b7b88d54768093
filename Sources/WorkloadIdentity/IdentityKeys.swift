import StrictJSON

/// The keys of an issuer (RFC 7517), as far as they can sign tokens.
package struct IdentityKeys: Sendable {
    /// The longest file of keys, in bytes.
    package static let limit = 1 << 20

    /// One key: the members that its kind has, and no others.
    struct Key: Sendable {
        let id: String
        let algorithm: IdentityToken.Algorithm
        /// The key in the form of RFC 7517.
        let value: JSONValue
    }

    private let keys: [Key]

    /// Reads `{"keys": [...]}`; keys of other kinds and uses are passed over.
    package init(parsing bytes: [UInt8]) throws(IdentityError) {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            let limits = JSONNode.Limits(bytes: Self.limit, depth: 16)
            value = try JSONNode.parse(bytes, limits: limits, numbers: .any).value
        } catch {
            throw IdentityError("the set of keys is no I-JSON")
        }
        guard let items = value["keys"]?.items else {
            throw IdentityError("the set of keys has no member keys")
        }
        keys = items.compactMap(Key.init)
        guard !keys.isEmpty else {
            throw IdentityError("the set of keys has none that signs by RS256 or ES256")
        }
        guard Set(keys.map(\.id)).count == keys.count else {
            throw IdentityError("the set of keys has two keys of one name")
        }
    }

    /// The key that a token names, for the algorithm that it names.
    func key(of token: IdentityToken) throws(IdentityError) -> Key {
        guard let key = keys.first(where: { $0.id == token.keyID }) else {
            throw IdentityError("the issuer has no key of the name that the token has")
        }
        guard key.algorithm == token.algorithm else {
            throw IdentityError("the key that the token names is for another algorithm")
        }
        return key
    }
}

extension IdentityKeys.Key {
    /// The sizes of RSA moduli in bytes: 2048 to 8192 bits.
    private static let moduli = 256...1024

    /// Fails for keys of another kind, use or size.
    fileprivate init?(_ value: JSONValue) {
        guard let id = value["kid"]?.text, !id.isEmpty, let kind = value["kty"]?.text,
            [nil, "sig"].contains(value["use"]?.text),
            value["key_ops"]?.items?.contains(.string("verify")) ?? true
        else { return nil }
        let algorithm: IdentityToken.Algorithm
        let names: [String]
        switch kind {
        case "RSA": (algorithm, names) = (.rs256, ["n", "e"])
        case "EC" where value["crv"]?.text == "P-256": (algorithm, names) = (.es256, ["x", "y"])
        default: return nil
        }
        guard [nil, algorithm.rawValue].contains(value["alg"]?.text) else { return nil }
        var members: [JSONValue.Member] = [
            .init("kty", .string(kind)), .init("kid", .string(id)),
            .init("alg", .string(algorithm.rawValue)),
        ]
        if kind == "EC" { members.append(.init("crv", .string("P-256"))) }
        for name in names {
            guard let text = value[name]?.text, let bytes = Base64URL.decode(Array(text.utf8)),
                Self.isFit(bytes, for: name)
            else { return nil }
            members.append(.init(name, .string(text)))
        }
        (self.id, self.algorithm) = (id, algorithm)
        self.value = .object(members)
    }

    private static func isFit(_ bytes: [UInt8], for name: String) -> Bool {
        switch name {
        case "n": moduli.contains(bytes.drop { $0 == 0 }.count)
        case "e": (1...8).contains(bytes.count)
        default: bytes.count == 32
        }
    }
}

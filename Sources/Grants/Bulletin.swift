import StrictJSON

/// The content of a signed bulletin: the grants and keys that a whole fleet revokes, as of a moment.
package struct Bulletin: Hashable, Sendable {
    /// The name of the fleet, which a host's `[freshness]` names, too.
    package let fleet: String
    package let issued: Moment
    /// The moment from which on it shows nobody that what comes is fresh; never before `issued`.
    package let expires: Moment
    package let revokedGrants: [GrantID]
    /// Fingerprints, `SHA256:…`, of keys, of the keys in certificates, or of CAs.
    package let revokedKeys: [String]

    package init(
        fleet: String,
        issued: Moment,
        expires: Moment,
        revokedGrants: [GrantID] = [],
        revokedKeys: [String] = []
    ) {
        (self.fleet, self.issued, self.expires) = (fleet, issued, expires)
        (self.revokedGrants, self.revokedKeys) = (revokedGrants, revokedKeys)
    }
}

extension Bulletin {
    /// The reason that records give for what it revokes.
    package var title: String { "bulletin of \(fleet), issued at \(issued)" }

    /// The `jitgate` field of a bulletin.
    package static let kind = "bulletin/1"

    /// The most entries of a list: no more fit into a file.
    private static let limit = 10_000

    /// The name of its file in an inbox.
    package static let fileName = "bulletin"

    /// Reads a bulletin from the bytes that its signer signed.
    package init(parsing bytes: [UInt8]) throws(GrantSyntaxError) {
        try self.init(SignedObject(parsing: bytes))
    }

    package init(_ object: SignedObject) throws(GrantSyntaxError) {
        let names = ["fleet", "issued", "expires", "revoked_grants", "revoked_keys"]
        let fields = try FieldReader(object, kind: Self.kind, fields: names)
        let issued = try fields.required(fields.value("issued", Moment.init(parsing:)), "issued")
        let expires = try fields.required(fields.value("expires", Moment.init(parsing:)), "expires")
        guard issued < expires else {
            throw fields.error(.badValue, "expires", "it is not after issued")
        }
        self.init(
            fleet: try fields.required(fields.value("fleet", FleetName.checked), "fleet"),
            issued: issued,
            expires: expires,
            revokedGrants: try fields.values(
                "revoked_grants",
                count: 0...Self.limit,
                GrantID.init(parsing:)
            ),
            revokedKeys: try fields.values("revoked_keys", count: 0...Self.limit, Self.fingerprint)
        )
    }

    /// Checks that a text is the fingerprint of some key: of two spellings of one, a host would know
    /// but one.
    package static func fingerprint(_ text: String) throws(TextError) -> String {
        let text = try RevocationSelection.fingerprint(text)
        guard Base64.decode(Array(text.utf8.dropFirst(7)) + [UInt8(ascii: "=")]) != nil else {
            throw TextError("a fingerprint is the base64 of 32 bytes, and its last digit is not")
        }
        return text
    }

    /// The bulletin as a file to be signed: indented JSON, ended by a line feed.
    package func payload() -> [UInt8] {
        let object: JSONValue = [
            "jitgate": .string(Self.kind),
            "fleet": .string(fleet),
            "issued": .string(issued.description),
            "expires": .string(expires.description),
            "revoked_grants": .array(revokedGrants.map { .string($0.description) }),
            "revoked_keys": .array(revokedKeys.map(JSONValue.string)),
        ]
        return object.prettyEncoded() + [UInt8(ascii: "\n")]
    }
}

/// The grammar of the name of a fleet.
package enum FleetName {
    package static let grammar = "the name of a fleet has 1 to 63 of a-z, 0-9, . _ and -"

    /// Checks that a text can be the name of a fleet.
    package static func checked(_ text: String) throws(TextError) -> String {
        guard HostLabel.isWord(text) else {
            throw TextError("`\(text.debugDescription)` is no fleet; \(grammar)")
        }
        return text
    }
}

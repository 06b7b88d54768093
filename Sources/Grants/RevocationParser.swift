import StrictJSON

extension Revocation {
    /// The `jitgate` field of a revocation.
    package static let kind = "revocation/1"

    private static let fields = [
        "id", "hosts", "reason", "ids", "requestors", "signers", "keys", "sources", "all", "until",
    ]
    private static let earlierFields = ["ids", "hosts", "reason"]

    /// Reads a revocation from the bytes that its signers signed.
    package init(
        parsing bytes: [UInt8],
        under rules: RulesVersion = .current
    ) throws(GrantSyntaxError) {
        try self.init(SignedObject(parsing: bytes), under: rules)
    }

    package init(_ object: SignedObject, under rules: RulesVersion) throws(GrantSyntaxError) {
        let known = rules < .fourth ? Self.earlierFields : Self.fields
        let fields = try FieldReader(object, kind: Self.kind, fields: known)
        let until = try fields.value("until", Moment.init(parsing:))
        let id = try fields.value("id", GrantID.init(parsing:))
        self.init(
            id: until == nil ? id : try fields.required(id, "id"),
            hosts: try fields.hosts(under: rules),
            reason: try fields.required(fields.text("reason", count: 1...1024), "reason"),
            selection: try fields.selection(under: rules),
            until: until
        )
    }

    /// The revocation as a file to be signed: indented JSON, ended by a line feed.
    package func payload() -> [UInt8] {
        var members: [JSONValue.Member] = [.init("jitgate", .string(Self.kind))]
        if let id { members.append(.init("id", .string(id.description))) }
        members.append(.init("hosts", .array(hosts.map { .string($0.description) })))
        members.append(.init("reason", .string(reason)))
        members += selection.members
        if let until { members.append(.init("until", .string(until.description))) }
        return JSONValue.object(members).prettyEncoded() + [UInt8(ascii: "\n")]
    }
}

extension RevocationSelection {
    fileprivate var members: [JSONValue.Member] {
        let lists: [(String, [String])] = [
            ("ids", ids.map(\.description)), ("requestors", requestors), ("signers", signers),
            ("keys", keys), ("sources", sources.map(\.description)),
        ]
        let filled = lists.filter { !$0.1.isEmpty }
        return filled.map { .init($0.0, .array($0.1.map(JSONValue.string))) }
            + (all ? [.init("all", true)] : [])
    }
}

extension FieldReader {
    fileprivate func selection(
        under rules: RulesVersion
    ) throws(GrantSyntaxError) -> RevocationSelection {
        let limit = RevocationSelection.limit
        var selection = RevocationSelection()
        if rules < .fourth || has("ids") {
            selection.ids = try values("ids", count: 1...limit, GrantID.init(parsing:))
        }
        selection.requestors = try texts("requestors", RevocationSelection.pattern)
        selection.signers = try texts("signers", RevocationSelection.pattern)
        selection.keys = try texts("keys", RevocationSelection.fingerprint)
        if has("sources") {
            selection.sources = try values("sources", count: 1...limit, Prefix.init(parsing:))
        }
        selection.all = try flag("all")
        guard !selection.isEmpty else {
            let reason = "one of ids, requestors, signers, keys, sources and all is required"
            throw error(.missingField, "", reason)
        }
        guard selection.count <= limit else {
            throw error(.badLength, "", "all lists together may have \(limit) entries at most")
        }
        return selection
    }

    private func texts(
        _ name: String,
        _ check: (String) throws(TextError) -> String
    ) throws(GrantSyntaxError) -> [String] {
        guard has(name) else { return [] }
        return try values(name, count: 1...RevocationSelection.limit, check)
    }
}

extension RevocationSelection {
    /// Checks that a text is a pattern of names.
    package static func pattern(_ text: String) throws(TextError) -> String {
        guard !text.isEmpty, text.utf8.first != UInt8(ascii: "!"),
            !text.utf8.contains(UInt8(ascii: ","))
        else { throw TextError("a pattern must not be empty, begin with ! or have a comma in it") }
        guard text.utf8.count <= 256 else {
            throw TextError("a pattern has at most 256 bytes")
        }
        return text
    }

    /// Checks that a text is a fingerprint as `ssh-keygen -l` prints it.
    package static func fingerprint(_ text: String) throws(TextError) -> String {
        let digits = text.utf8.dropFirst(7)
        guard text.hasPrefix("SHA256:"), digits.count == 43,
            digits.allSatisfy(\.isBase64Digit)
        else {
            throw TextError(
                "a fingerprint is SHA256: and 43 base64 digits, as ssh-keygen -l prints it"
            )
        }
        return text
    }
}

extension UInt8 {
    fileprivate var isBase64Digit: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}

extension Unbar {
    /// The `jitgate` field of the end of a bar.
    package static let kind = "unbar/1"

    package init(_ object: SignedObject, under rules: RulesVersion) throws(GrantSyntaxError) {
        let fields = try FieldReader(object, kind: Self.kind, fields: ["ids", "hosts", "reason"])
        self.init(
            ids: try fields.values("ids", count: 1...1000, GrantID.init(parsing:)),
            hosts: try fields.hosts(under: rules),
            reason: try fields.required(fields.text("reason", count: 1...1024), "reason")
        )
    }

    /// The file to be signed: indented JSON, ended by a line feed.
    package func payload() -> [UInt8] {
        let json: JSONValue = [
            "jitgate": .string(Self.kind), "ids": .array(ids.map { .string($0.description) }),
            "hosts": .array(hosts.map { .string($0.description) }), "reason": .string(reason),
        ]
        return json.prettyEncoded() + [UInt8(ascii: "\n")]
    }
}

extension RevocationSelection {
    /// The entries as records name them, such as `requestor:dana@example.com`.
    package var texts: [String] {
        ids.map { "grant:\($0)" } + requestors.map { "requestor:" + $0 }
            + signers.map { "signer:" + $0 } + keys.map { "key:" + $0 }
            + sources.map { "source:\($0)" } + (all ? ["all"] : [])
    }

    /// Reads the entries that a record names; `nil` if one of them is none.
    package init?(recorded texts: [String]) {
        self.init()
        for text in texts {
            guard text != "all" else {
                all = true
                continue
            }
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, (try? add(String(parts[1]), as: String(parts[0]))) != nil else {
                return nil
            }
        }
        guard !isEmpty else { return nil }
    }

    private mutating func add(_ text: String, as kind: String) throws(TextError) {
        switch kind {
        case "grant": ids.append(try GrantID(parsing: text))
        case "requestor": requestors.append(try Self.pattern(text))
        case "signer": signers.append(try Self.pattern(text))
        case "key": keys.append(try Self.fingerprint(text))
        case "source": sources.append(try Prefix(parsing: text))
        default: throw TextError("no such list")
        }
    }
}

import StrictJSON

extension Grant {
    /// The `jitgate` field of a grant.
    package static let kind = "grant/1"

    private static let fields = [
        "id", "hosts", "requestor", "justification", "ticket", "supersedes", "sources", "ports",
        "not_before", "expires", "duration",
    ]
    /// The fields that came with the third version of the rules.
    private static let laterFields: Set = ["ticket", "supersedes"]

    /// Reads a grant from the bytes that its signers signed.
    package init(
        parsing bytes: [UInt8],
        under rules: RulesVersion = .current
    ) throws(GrantSyntaxError) {
        try self.init(SignedObject(parsing: bytes), under: rules)
    }

    package init(_ object: SignedObject, under rules: RulesVersion) throws(GrantSyntaxError) {
        let fields = try FieldReader(
            object,
            kind: Self.kind,
            fields: Self.fields.filter { rules >= .third || !Self.laterFields.contains($0) }
        )
        let id = try fields.required(fields.value("id", GrantID.init(parsing:)), "id")
        self.init(
            id: id,
            hosts: try fields.hosts(under: rules),
            requestor: try fields.required(fields.text("requestor", count: 1...256), "requestor"),
            justification: try fields.text("justification", count: 0...1024),
            sources: try fields.values("sources", count: 1...64, Prefix.init(parsing:)),
            ports: try fields.values("ports", count: 1...64, Port.init(parsing:)),
            notBefore: try fields.value("not_before", Moment.init(parsing:)),
            expires: try fields.required(fields.value("expires", Moment.init(parsing:)), "expires"),
            duration: try fields.value("duration", Duration.init(parsing:)),
            ticket: try fields.text("ticket", count: 0...128),
            supersedes: try fields.superseded(by: id)
        )
    }

    /// The grant as a file to be signed: indented JSON, ended by a line feed.
    package func payload() -> [UInt8] {
        var members: [JSONValue.Member] = [
            .init("jitgate", .string(Self.kind)),
            .init("id", .string(id.description)),
            .init("hosts", .array(hosts.map { .string($0.description) })),
            .init("requestor", .string(requestor)),
        ]
        if let justification { members.append(.init("justification", .string(justification))) }
        if let ticket { members.append(.init("ticket", .string(ticket))) }
        if !supersedes.isEmpty {
            members.append(.init("supersedes", .array(supersedes.map { .string($0.description) })))
        }
        members += [
            .init("sources", .array(sources.map { .string($0.description) })),
            .init("ports", .array(ports.map { .string($0.description) })),
        ]
        if let notBefore { members.append(.init("not_before", .string(notBefore.description))) }
        members.append(.init("expires", .string(expires.description)))
        if let duration { members.append(.init("duration", .string(duration.shortText))) }
        return JSONValue.object(members).prettyEncoded() + [UInt8(ascii: "\n")]
    }
}

extension FieldReader {
    /// The ids of the grants that a grant supersedes; none if the field is absent.
    fileprivate func superseded(by id: GrantID) throws(GrantSyntaxError) -> [GrantID] {
        guard has("supersedes") else { return [] }
        return try values("supersedes", count: 1...16) { text throws(TextError) in
            let old = try GrantID(parsing: text)
            guard old != id else { throw TextError("a grant cannot supersede itself") }
            return old
        }
    }
}

extension FieldReader {
    /// The hosts that a file is for.
    func hosts(under rules: RulesVersion) throws(GrantSyntaxError) -> [HostPattern] {
        try values("hosts", count: 1...1000) { text throws(TextError) in
            try HostPattern(parsing: text, under: rules)
        }
    }
}

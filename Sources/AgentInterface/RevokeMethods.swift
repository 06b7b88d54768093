package import Grants
package import StrictJSON
package import Varlink

/// The parameters of Revoke.
package struct RevokeParameters: VarlinkCodable {
    package static let members = [
        VarlinkMember("ids", "?[]string"), VarlinkMember("all", "?bool"),
        VarlinkMember("requestors", "?[]string", "Patterns of names"),
        VarlinkMember("signers", "?[]string", "Patterns of names"),
        VarlinkMember("keys", "?[]string", "Fingerprints of keys or CAs"),
        VarlinkMember("sources", "?[]string", "Networks that overlap with those of grants"),
        VarlinkMember(
            "until",
            "?string",
            "Lets no such grant open before, at most 7 days from now"
        ),
        VarlinkMember("reason", "string"),
    ]

    /// The grants to revoke; never empty.
    package var selection: RevocationSelection
    /// The end of the bar, if it is to be one.
    package var until: Moment?
    package var reason: String

    package init(_ selection: RevocationSelection, until: Moment? = nil, reason: String) {
        self.selection = selection
        self.until = until
        self.reason = reason
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        selection = try Self.selection(object)
        until = try object.optionalValue("until", Moment.init(parsing:))
        reason = try object.text("reason", of: 1...1024)
    }

    private static func selection(
        _ object: VarlinkObject
    ) throws(VarlinkError) -> RevocationSelection {
        var selection = RevocationSelection()
        selection.all = try object.optional("all", \.flag) ?? false
        let texts = try object.optional("ids", \.texts) ?? []
        guard !selection.all || texts.isEmpty else { throw .invalidParameter("all") }
        for text in texts {
            // What is no UUID names no grant either.
            guard let id = try? GrantID(parsing: text) else { throw .noSuchGrant([text]) }
            selection.ids.append(id)
        }
        let pattern = RevocationSelection.pattern
        selection.requestors = try object.list("requestors", pattern)
        selection.signers = try object.list("signers", pattern)
        selection.keys = try object.list("keys", RevocationSelection.fingerprint)
        selection.sources = try object.list("sources", Prefix.init(parsing:))
        guard !selection.isEmpty, selection.count <= RevocationSelection.limit,
            !selection.all || selection.count == 1
        else { throw .invalidParameter(selection.all ? "all" : "ids") }
        return selection
    }

    package var jsonValue: JSONValue {
        let lists: [(String, JSONValue, Bool)] = [
            ("ids", JSONValue(texts: selection.ids), selection.ids.isEmpty),
            ("requestors", JSONValue(texts: selection.requestors), selection.requestors.isEmpty),
            ("signers", JSONValue(texts: selection.signers), selection.signers.isEmpty),
            ("keys", JSONValue(texts: selection.keys), selection.keys.isEmpty),
            ("sources", JSONValue(texts: selection.sources), selection.sources.isEmpty),
            ("all", true, !selection.all),
        ]
        var members = lists.filter { !$0.2 }.map { JSONValue.Member($0.0, $0.1) }
        if let until { members.append(.init("until", .string(until.description))) }
        return .object(members + [.init("reason", .string(reason))])
    }
}

extension VarlinkObject {
    /// A list of texts of one form; empty if it is absent.
    fileprivate func list<Value>(
        _ name: String,
        _ parse: (String) throws(TextError) -> Value
    ) throws(VarlinkError) -> [Value] {
        var values: [Value] = []
        for text in try optional(name, \.texts) ?? [] {
            guard let value = try? parse(text) else { throw .invalidParameter(name) }
            values.append(value)
        }
        return values
    }
}

/// The grants that were ended: the answer to Revoke.
package struct RevokeReply: VarlinkCodable {
    package static let members = [
        VarlinkMember("revoked", "[]string"),
        VarlinkMember("bar", "?string", "The id by which Unbar ends the bar"),
        VarlinkMember("until", "?string", "The end of the bar"),
    ]

    package var revoked: [GrantID]
    package var bar: GrantID?
    package var until: Moment?

    package init(revoked: [GrantID], bar: GrantID? = nil, until: Moment? = nil) {
        self.revoked = revoked
        self.bar = bar
        self.until = until
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        revoked = try object.values("revoked", GrantID.init(parsing:))
        bar = try object.optionalValue("bar", GrantID.init(parsing:))
        until = try object.optionalValue("until", Moment.init(parsing:))
    }

    package var jsonValue: JSONValue {
        [
            "revoked": JSONValue(texts: revoked),
            "bar": bar.map { .string($0.description) } ?? .null,
            "until": until.map { .string($0.description) } ?? .null,
        ]
    }
}

/// The parameters of Unbar.
package struct UnbarParameters: VarlinkCodable {
    package static let members = [
        VarlinkMember("ids", "[]string"),
        VarlinkMember("keys", "?[]string", "Fingerprints of keys that bulletins revoked"),
        VarlinkMember("reason", "string"),
    ]

    /// The bars to end.
    package var ids: [GrantID]
    /// The keys that count again; never empty if `ids` is.
    package var keys: [String]
    package var reason: String

    package init(_ ids: [GrantID], keys: [String] = [], reason: String) {
        (self.ids, self.keys, self.reason) = (ids, keys, reason)
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        ids = try object.values("ids", GrantID.init(parsing:))
        keys = try object.list("keys", RevocationSelection.fingerprint)
        reason = try object.text("reason", of: 1...1024)
        guard ids.count <= Bar.limit, !ids.isEmpty || !keys.isEmpty else {
            throw .invalidParameter("ids")
        }
        guard keys.count <= Self.keyLimit else { throw .invalidParameter("keys") }
    }

    /// As many as a host keeps.
    private static let keyLimit = 10_000

    package var jsonValue: JSONValue {
        let keys = keys.isEmpty ? [] : [JSONValue.Member("keys", JSONValue(texts: keys))]
        return .object(
            [.init("ids", JSONValue(texts: ids))] + keys + [.init("reason", .string(reason))]
        )
    }
}

/// The bars in force: the answer to Bars and Unbar.
package struct BarList: VarlinkCodable {
    package static let members = [
        VarlinkMember("bars", "[]Bar"),
        VarlinkMember(
            "keys",
            "[]RevokedKey",
            "Those that bulletins revoked, by their fingerprints"
        ),
    ]

    package var bars: [BarEntry]
    package var keys: [RevokedKeyEntry]

    package init(bars: [BarEntry], keys: [RevokedKeyEntry] = []) {
        (self.bars, self.keys) = (bars, keys)
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        (bars, keys) = (try object.list("bars"), try object.list("keys"))
    }

    package var jsonValue: JSONValue {
        ["bars": .array(bars.map(\.jsonValue)), "keys": .array(keys.map(\.jsonValue))]
    }
}

/// A bar in force.
package struct BarEntry: VarlinkCodable {
    package static let members = [
        VarlinkMember("id", "string"),
        VarlinkMember("selects", "string", "The first entries of its lists, for people"),
        VarlinkMember("count", "int", "How many entries its lists have"),
        VarlinkMember("until", "string"), VarlinkMember("reason", "string"),
        VarlinkMember("by", "[]string"),
    ]

    package var id: GrantID
    /// The first entries of its lists, for people.
    package var selects: String
    package var count: Int
    package var until: Moment
    package var reason: String
    package var actors: [String]

    package init(_ bar: Bar, selects: String) {
        id = bar.id
        self.selects = selects
        count = bar.selection.count
        (until, reason, actors) = (bar.until, bar.reason, bar.actors)
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        id = try object.value("id", GrantID.init(parsing:))
        selects = try object.text("selects")
        count = Int(try object.number("count"))
        until = try object.value("until", Moment.init(parsing:))
        reason = try object.text("reason")
        actors = try object.required("by", \.texts)
    }

    package var jsonValue: JSONValue {
        [
            "id": .string(id.description), "selects": .string(selects),
            "count": .integer(Int64(count)), "until": .string(until.description),
            "reason": .string(reason), "by": JSONValue(texts: actors),
        ]
    }
}

package import StrictJSON

/// A value that crosses the control socket as JSON.
package protocol VarlinkCodable: Hashable, Sendable {
    init(from value: JSONValue) throws(MemberError)
    var jsonValue: JSONValue { get }
}

/// Which member of a message is missing or of the wrong type.
package struct MemberError: Error, Hashable, Sendable, CustomStringConvertible {
    package let member: String

    package init(member: String) {
        self.member = member
    }

    package var description: String { "the member `\(member)` is missing or of the wrong type" }
}

/// Reads the members of a JSON object by name and type; null and missing are the same.
package struct VarlinkObject {
    private let value: JSONValue

    package init(_ value: JSONValue) throws(MemberError) {
        guard case .object = value else { throw MemberError(member: "parameters") }
        self.value = value
    }

    /// Throws the first member whose name is not among `names`.
    package func refuseAllBut(_ names: [String]) throws(MemberError) {
        guard case .object(let members) = value else { return }
        if let stranger = members.first(where: { !names.contains($0.name) }) {
            throw MemberError(member: stranger.name)
        }
    }

    package func optional<Member>(
        _ name: String,
        _ read: (JSONValue) -> Member?
    ) throws(MemberError) -> Member? {
        guard let found = value[name], found != .null else { return nil }
        guard let member = read(found) else { throw MemberError(member: name) }
        return member
    }

    package func required<Member>(
        _ name: String,
        _ read: (JSONValue) -> Member?
    ) throws(MemberError) -> Member {
        guard let member = try optional(name, read) else { throw MemberError(member: name) }
        return member
    }

    package func text(_ name: String) throws(MemberError) -> String { try required(name, \.text) }

    package func number(_ name: String) throws(MemberError) -> Int64 {
        try required(name, \.number)
    }

    package func texts(_ name: String) throws(MemberError) -> [String] {
        try required(name, \.texts)
    }

    package func optionalText(_ name: String) throws(MemberError) -> String? {
        try optional(name, \.text)
    }
}

extension JSONValue {
    /// An array of strings and nothing else.
    package var texts: [String]? {
        guard let items else { return nil }
        let texts = items.compactMap(\.text)
        return texts.count == items.count ? texts : nil
    }

    package init(texts: [String]) {
        self = .array(texts.map { .string($0) })
    }

    package init(_ text: String?) {
        self = text.map { .string($0) } ?? .null
    }

    package init(_ number: Int64?) {
        self = number.map { .integer($0) } ?? .null
    }
}

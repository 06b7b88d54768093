package import StrictJSON

/// Reads the members of a JSON object by name and type; null and missing are the same.
///
/// Throws `invalidParameter` with the name of the member at fault.
package struct VarlinkObject {
    private let value: JSONValue

    package init(_ value: JSONValue) throws(VarlinkError) {
        guard case .object = value else { throw .invalidParameter("parameters") }
        self.value = value
    }

    /// Throws the first member whose name is not among `names`.
    package func refuseAllBut(_ names: [String]) throws(VarlinkError) {
        guard case .object(let members) = value else { return }
        if let stranger = members.first(where: { !names.contains($0.name) }) {
            throw .invalidParameter(stranger.name)
        }
    }

    package func optional<Member>(
        _ name: String,
        _ read: (JSONValue) -> Member?
    ) throws(VarlinkError) -> Member? {
        guard let found = value[name], found != .null else { return nil }
        guard let member = read(found) else { throw .invalidParameter(name) }
        return member
    }

    package func required<Member>(
        _ name: String,
        _ read: (JSONValue) -> Member?
    ) throws(VarlinkError) -> Member {
        guard let member = try optional(name, read) else { throw .invalidParameter(name) }
        return member
    }

    package func text(_ name: String) throws(VarlinkError) -> String { try required(name, \.text) }

    package func number(_ name: String) throws(VarlinkError) -> Int64 {
        try required(name, \.number)
    }

    package func texts(_ name: String) throws(VarlinkError) -> [String] {
        try required(name, \.texts)
    }

    package func optionalText(_ name: String) throws(VarlinkError) -> String? {
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

package import StrictJSON

/// Writes an object as a TOML file: its plain members first, as TOML asks, then a table for each
/// object in it and a `[[table]]` for each object in an array.
///
/// An object inside a table is written in line. Null is left out.
package struct TOMLWriter {
    package private(set) var text = ""

    package init(document: JSONValue) {
        guard case .object(let members) = document else { return }
        writePlain(members)
        for member in members {
            switch member.value {
            case .object(let inner): writeTable("[\(member.name)]", inner)
            case .array(let items):
                for case .object(let inner) in items { writeTable("[[\(member.name)]]", inner) }
            case .null, .bool, .integer, .string: continue
            }
        }
    }

    private mutating func writePlain(_ members: [JSONValue.Member]) {
        for member in members {
            guard let value = Self.spelled(member.value) else { continue }
            text += "\(Self.key(member.name)) = \(value)\n"
        }
    }

    private mutating func writeTable(_ header: String, _ members: [JSONValue.Member]) {
        text += "\n\(header)\n"
        for member in members {
            guard case .object(let inner) = member.value else {
                writePlain([member])
                continue
            }
            let pairs = inner.compactMap { pair in
                Self.spelled(pair.value).map { "\(Self.key(pair.name)) = \($0)" }
            }
            let list = pairs.isEmpty ? "{}" : "{ \(pairs.joined(separator: ", ")) }"
            text += "\(Self.key(member.name)) = \(list)\n"
        }
    }

    /// A key as it is, or in quotes where TOML asks for them.
    private static func key(_ name: String) -> String {
        let isBare = !name.isEmpty && name.utf8.allSatisfy(\.isBareKeyByte)
        return isBare ? name : QuotedText(name, limit: .max).description
    }

    /// `nil` for what is written as a table, and for null.
    private static func spelled(_ value: JSONValue) -> String? {
        switch value {
        case .bool(let flag): return "\(flag)"
        case .integer(let number): return "\(number)"
        case .string(let text): return QuotedText(text, limit: .max).description
        case .array(let items):
            let elements = items.compactMap(spelled)
            return elements.count == items.count
                ? "[" + elements.joined(separator: ", ") + "]" : nil
        case .null, .object: return nil
        }
    }
}

import Grants
import StrictJSON
import Varlink

/// Values of the core as the members of an object.
extension VarlinkObject {
    /// A string whose UTF-8 has a length in `range`.
    func text(_ name: String, of range: ClosedRange<Int>) throws(VarlinkError) -> String {
        try required(name) { $0.text.flatMap { range.contains($0.utf8.count) ? $0 : nil } }
    }

    /// A string that `parse` reads.
    func value<Value>(
        _ name: String,
        _ parse: (String) throws(TextError) -> Value
    ) throws(VarlinkError) -> Value {
        try required(name) { $0.text.flatMap { try? parse($0) } }
    }

    /// A string that `parse` reads, or `nil` where there is none.
    func optionalValue<Value>(
        _ name: String,
        _ parse: (String) throws(TextError) -> Value
    ) throws(VarlinkError) -> Value? {
        try optional(name) { $0.text.flatMap { try? parse($0) } }
    }

    /// One of the cases of a type.
    func choice<Case: RawRepresentable<String>>(_ name: String) throws(VarlinkError) -> Case {
        try required(name) { $0.text.flatMap(Case.init) }
    }

    /// A number as this platform counts, or `nil` where there is none.
    func optionalCount(_ name: String) throws(VarlinkError) -> Int? {
        try optional(name) { value in value.number.map { Int(clamping: $0) } }
    }

    /// Objects of a type of the interface.
    func list<Item: VarlinkCodable>(_ name: String) throws(VarlinkError) -> [Item] {
        guard let items = try optionalList(name, of: Item.self) else {
            throw .invalidParameter(name)
        }
        return items
    }

    /// Objects of a type of the interface, or `nil` where there is no list.
    func optionalList<Item: VarlinkCodable>(
        _ name: String,
        of type: Item.Type = Item.self
    ) throws(VarlinkError) -> [Item]? {
        guard let items = try optional(name, \.items) else { return nil }
        var found: [Item] = []
        for item in items { found.append(try Item(from: item)) }
        return found
    }

    /// Strings each of which `parse` reads.
    func values<Value>(
        _ name: String,
        _ parse: (String) throws(TextError) -> Value
    ) throws(VarlinkError) -> [Value] {
        try required(name) {
            guard let texts = $0.texts else { return nil }
            let values = texts.compactMap { try? parse($0) }
            return values.count == texts.count ? values : nil
        }
    }
}

extension JSONValue {
    /// The texts of values.
    init(texts values: [some CustomStringConvertible]) {
        self.init(texts: values.map(\.description))
    }

    /// The text of a value, or null without one.
    init(text value: (some CustomStringConvertible)?) {
        self = value.map { .string($0.description) } ?? .null
    }
}

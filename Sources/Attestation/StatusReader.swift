import Grants
import StrictJSON

/// Reads the members of a JSON object by name and type; an error names the member at fault.
struct StatusReader {
    private let value: JSONValue
    let members: [JSONValue.Member]

    init(parsing bytes: [UInt8], limit: Int) throws(StatusError) {
        let node: JSONNode
        do throws(JSONSyntaxError) {
            node = try JSONNode.parse(bytes, limits: .init(bytes: limit, depth: 8))
        } catch {
            throw StatusError("\(error)")
        }
        guard let reader = StatusReader(node.value) else { throw StatusError("it is no object") }
        self = reader
    }

    init?(_ value: JSONValue) {
        guard case .object(let members) = value else { return nil }
        (self.value, self.members) = (value, members)
    }

    func error(_ name: String) -> StatusError {
        StatusError("the member `\(name)` is missing or of the wrong form")
    }

    private func member(_ name: String) throws(StatusError) -> JSONValue {
        guard let member = value[name] else { throw error(name) }
        return member
    }

    /// The member as `read` reads it; `nil` if it is null or missing.
    func optional<Value>(
        _ name: String,
        _ read: (String) throws(StatusError) -> Value
    ) throws(StatusError) -> Value? {
        guard let member = value[name], member != .null else { return nil }
        return try read(name)
    }

    func text(_ name: String) throws(StatusError) -> String {
        guard let text = try member(name).text else { throw error(name) }
        return text
    }

    func flag(_ name: String) throws(StatusError) -> Bool {
        guard let flag = try member(name).flag else { throw error(name) }
        return flag
    }

    /// A number that is not negative.
    func count(_ name: String) throws(StatusError) -> Int64 {
        guard let number = try member(name).number, number >= 0 else { throw error(name) }
        return number
    }

    /// Reads a field of `length` lower-case hexadecimal digits.
    func hexadecimal(_ name: String, _ length: Int) throws(StatusError) -> String {
        let text = try text(name)
        let isHexadecimal = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        guard text.utf8.count == length, isHexadecimal else { throw error(name) }
        return text
    }

    func value<Value>(
        _ name: String,
        _ parse: (String) throws(TextError) -> Value
    ) throws(StatusError) -> Value {
        let text = try text(name)
        do throws(TextError) {
            return try parse(text)
        } catch {
            throw self.error(name)
        }
    }

    func moment(_ name: String) throws(StatusError) -> Moment {
        try value(name, Moment.init(parsing:))
    }

    /// A length of time, which may be none.
    func duration(_ name: String) throws(StatusError) -> Duration {
        if try text(name) == "0s" { return .zero }
        return try value(name, Duration.init(parsing:))
    }

    func choice<Case: RawRepresentable<String>>(_ name: String) throws(StatusError) -> Case {
        guard let choice = Case(rawValue: try text(name)) else { throw error(name) }
        return choice
    }

    func object(_ name: String) throws(StatusError) -> StatusReader {
        guard let reader = StatusReader(try member(name)) else { throw error(name) }
        return reader
    }

    func list<Item>(
        _ name: String,
        _ read: (JSONValue) -> Item?
    ) throws(StatusError) -> [Item] {
        guard let items = try member(name).items else { throw error(name) }
        let read = items.compactMap(read)
        guard read.count == items.count else { throw error(name) }
        return read
    }

    func texts(_ name: String) throws(StatusError) -> [String] {
        try list(name, \.text)
    }

    /// Strings each of which `parse` reads.
    func parsed<Value>(
        _ name: String,
        _ parse: (String) throws(TextError) -> Value
    ) throws(StatusError) -> [Value] {
        try list(name) { item in item.text.flatMap { try? parse($0) } }
    }

    /// Objects each of which `read` reads; an error is that of the member inside.
    func objects<Value>(
        _ name: String,
        _ read: (StatusReader) throws(StatusError) -> Value
    ) throws(StatusError) -> [Value] {
        var values: [Value] = []
        for reader in try list(name, StatusReader.init) {
            do throws(StatusError) {
                values.append(try read(reader))
            } catch {
                throw StatusError("\(name): \(error)")
            }
        }
        return values
    }
}

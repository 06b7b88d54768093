import TOMLKit

/// A TOML file as a tree of settings, with the place of each.
struct Document {
    /// Bytes; a policy that names 5,000 networks fits.
    static let sizeLimit = 256 * 1024

    let root: [String: Setting]
    let locator: KeyLocator

    /// Refuses what is no TOML, and what TOML would allow but C strings would cut short.
    init(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
        if let problem = Self.flaw(in: bytes) {
            throw ConfigurationError(file: file, problems: [problem])
        }
        locator = KeyLocator(scanning: bytes)
        guard locator.problems.isEmpty else {
            throw ConfigurationError(file: file, problems: locator.problems)
        }
        root = try Self.parse(String(decoding: bytes, as: UTF8.self), file: file)
    }

    private static func flaw(in bytes: [UInt8]) -> ConfigurationError.Problem? {
        guard bytes.count <= sizeLimit else {
            let reason = "the file has \(bytes.count) bytes"
            return problem(Position(line: 1, column: 1), reason, "\(sizeLimit) are enough")
        }
        var position = Position(line: 1, column: 1)
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return nil
            case .error: return problem(position, "the text is not UTF-8", "save it as UTF-8")
            case .scalarValue("\0"):
                return problem(position, "the text holds a NUL byte", "leave it out")
            case .scalarValue("\n"):
                position = Position(line: position.line + 1, column: 1)
            case .scalarValue: position.column += 1
            }
        }
    }

    private static func parse(
        _ text: String,
        file: String
    ) throws(ConfigurationError) -> [String: Setting] {
        do {
            return settings(of: try TOMLTable(string: text))
        } catch let error as TOMLParseError {
            let place = Position(line: error.source.begin.line, column: error.source.begin.column)
            let reason = error.description.prefix(1).lowercased() + error.description.dropFirst()
            throw ConfigurationError(file: file, problems: [problem(place, reason, "")])
        } catch {
            let place = Position(line: 1, column: 1)
            throw ConfigurationError(file: file, problems: [problem(place, "\(error)", "")])
        }
    }

    private static func problem(
        _ position: Position,
        _ reason: String,
        _ remedy: String
    ) -> ConfigurationError.Problem {
        ConfigurationError.Problem(position: position, key: nil, reason: reason, remedy: remedy)
    }

    // The locator has bounded how deep this goes.
    private static func settings(of table: TOMLTable) -> [String: Setting] {
        table.keys.reduce(into: [:]) { settings, key in
            settings[key] = table[key].map { setting(of: $0.tomlValue) }
        }
    }

    private static func setting(of value: TOMLValue) -> Setting {
        if let table = value.table { return .table(settings(of: table)) }
        if let array = value.array { return .array(array.map { setting(of: $0.tomlValue) }) }
        if let text = value.string { return .string(text) }
        if let number = value.int { return .integer(number) }
        if let flag = value.bool { return .boolean(flag) }
        return .other("\(value.type)")
    }
}

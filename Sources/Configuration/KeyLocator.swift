/// Finds where each key and each element of an array stands in a TOML file.
///
/// TOMLKit keeps no positions on what it has parsed. The locator reads just enough of the grammar
/// (headers, keys, strings, brackets) to say where things are; what they are, and whether the text
/// is TOML at all, is for TOMLKit to say. On a line it cannot follow it goes on with the next.
///
/// It runs first, and so also bounds the depth: the parser behind TOMLKit has no limit on dotted
/// keys and takes a stack frame a level.
struct KeyLocator {
    static let keyPartLimit = 16
    static let nestingLimit = 32

    private(set) var positions: [SettingPath: Position] = [:]
    /// What is wrong although it is TOML: too deep, or a character that C strings end at.
    private(set) var problems: [ConfigurationError.Problem] = []
    private var cursor: TextCursor
    private var section = SettingPath()
    private var tableCounts: [SettingPath: Int] = [:]

    init(scanning bytes: [UInt8]) {
        cursor = TextCursor(bytes)
        cursor.skipSpace()
        while cursor.current != nil {
            cursor.isAt("[") ? scanHeader() : scanPair(under: section, depth: 0)
            cursor.skipLine()
            cursor.skipSpace()
        }
    }

    /// The place of `path`, or of the nearest thing around it that has one.
    func position(of path: SettingPath) -> Position {
        var candidate: SettingPath? = path
        while let current = candidate {
            if let position = positions[current] { return position }
            candidate = current.parent
        }
        return Position(line: 1, column: 1)
    }

    // MARK: keys

    private mutating func scanHeader() {
        cursor.advance()
        let isElement = cursor.skip("[")
        let parts = scanKey()
        var path = SettingPath()
        for (offset, part) in parts.enumerated() {
            path = path[part.name]
            note(path, at: part.position)
            let isNewElement = isElement && offset == parts.count - 1
            if isNewElement { tableCounts[path, default: 0] += 1 }
            guard isNewElement || offset < parts.count - 1, let count = tableCounts[path]
            else { continue }
            path = path[count - 1]
            note(path, at: part.position)
        }
        section = path
    }

    private mutating func scanPair(under base: SettingPath, depth: Int) {
        var path = base
        for part in scanKey() {
            path = path[part.name]
            note(path, at: part.position)
        }
        cursor.skipBlanks()
        guard cursor.skip("=") else { return }
        cursor.skipBlanks()
        scanValue(at: path, depth: depth)
    }

    /// The parts of a key, `a."b c".d`, with their places.
    private mutating func scanKey() -> [(name: String, position: Position)] {
        var parts: [(name: String, position: Position)] = []
        repeat {
            cursor.skipBlanks()
            let position = cursor.position
            guard parts.count < Self.keyPartLimit else {
                stop(at: position, because: "the key has more than \(Self.keyPartLimit) parts")
                return []
            }
            guard let name = scanKeyPart() else { return parts }
            parts.append((name, position))
            cursor.skipBlanks()
        } while cursor.skip(".")
        return parts
    }

    private mutating func scanKeyPart() -> String? {
        if cursor.isAt("\"") || cursor.isAt("'") { return scanString() }
        let start = cursor.offset
        cursor.skip(while: \.isBareKeyByte)
        return cursor.offset > start ? cursor.text(from: start) : nil
    }

    // MARK: values

    private mutating func scanValue(at path: SettingPath, depth: Int) {
        guard depth < Self.nestingLimit else {
            stop(at: cursor.position, because: "values nest more than \(Self.nestingLimit) deep")
            return
        }
        switch cursor.current {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = scanString()
        case UInt8(ascii: "["): scanArray(at: path, depth: depth)
        case UInt8(ascii: "{"): scanInlineTable(at: path, depth: depth)
        default: cursor.skip { !",]}#\n".utf8.contains($0) }
        }
    }

    private mutating func scanArray(at path: SettingPath, depth: Int) {
        cursor.advance()
        var count = 0
        cursor.skipSpace()
        while cursor.current != nil, !cursor.skip("]") {
            note(path[count], at: cursor.position)
            scanValue(at: path[count], depth: depth + 1)
            count += 1
            cursor.skipSpace()
            guard cursor.skip(",") || cursor.isAt("]") else { return }
            cursor.skipSpace()
        }
    }

    private mutating func scanInlineTable(at path: SettingPath, depth: Int) {
        cursor.advance()
        cursor.skipSpace()
        while cursor.current != nil, !cursor.skip("}") {
            scanPair(under: path, depth: depth + 1)
            cursor.skipSpace()
            guard cursor.skip(",") || cursor.isAt("}") else { return }
            cursor.skipSpace()
        }
    }

    private mutating func scanString() -> String {
        let scanner = StringScanner(scanning: &cursor)
        if let position = scanner.escapedNUL {
            report(position, "the escape stands for the NUL character", "leave it out")
        }
        return scanner.text
    }

    // MARK: findings

    /// The first place counts: there the key is defined, later it is only added to.
    private mutating func note(_ path: SettingPath, at position: Position) {
        if positions[path] == nil { positions[path] = position }
    }

    private mutating func stop(at position: Position, because reason: String) {
        report(position, reason, "nothing in a policy is that deep")
        cursor.skipToEnd()
    }

    private mutating func report(_ position: Position, _ reason: String, _ remedy: String) {
        problems.append(.init(position: position, key: nil, reason: reason, remedy: remedy))
    }
}

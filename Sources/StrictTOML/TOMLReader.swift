/// Reads the lines of a TOML 1.0 file: headers, keys, and the brackets of values.
///
/// Written for policies, by hand, because the parser has to say where each value stood and must
/// not crash on any bytes. Everything TOML 1.0 has is understood, but a date, a time or a fraction
/// is only recognised as such: no setting is one, so such a file is refused in any case.
struct TOMLReader {
    static let keyPartLimit = 16
    static let nestingLimit = 32

    private(set) var tree = TOMLBuilder()
    private var cursor: TOMLCursor
    private var section = TOMLPath()

    init(_ bytes: [UInt8]) {
        cursor = TOMLCursor(bytes)
    }

    mutating func read() throws(TOMLProblem) {
        cursor.skipSpace()
        while cursor.current != nil {
            if cursor.isAt("[") {
                try readHeader()
            } else {
                try readPair(under: section, depth: 0)
            }
            try endLine()
            cursor.skipSpace()
        }
    }

    private mutating func endLine() throws(TOMLProblem) {
        cursor.skipBlanks()
        guard cursor.current == nil || cursor.isAt("#") || cursor.isAtLineEnd else {
            throw problem("something follows that does not belong to the line", "end the line here")
        }
        cursor.skipLine()
    }

    // MARK: keys

    private mutating func readHeader() throws(TOMLProblem) {
        cursor.advance()
        let isElement = cursor.skip("[")
        let parts = try readKey()
        for _ in 0..<(isElement ? 2 : 1) {
            guard cursor.skip("]") else {
                throw problem("the header does not end", "\(isElement ? "]]" : "]") belongs here")
            }
        }
        section = try tree.open(parts, asElement: isElement)
    }

    private mutating func readPair(under base: TOMLPath, depth: Int) throws(TOMLProblem) {
        let parts = try readKey()
        guard cursor.skip("=") else { throw problem("a key has no value", "= belongs here") }
        cursor.skipBlanks()
        let path = try tree.place(parts, under: base)
        try readValue(at: path, depth: depth)
    }

    /// A key in parts, `a."b c".d`, and the blanks behind it.
    private mutating func readKey() throws(TOMLProblem) -> [TOMLBuilder.Part] {
        var parts: [TOMLBuilder.Part] = []
        repeat {
            cursor.skipBlanks()
            guard parts.count < Self.keyPartLimit else {
                throw problem("the key has more than \(Self.keyPartLimit) parts", "")
            }
            let position = cursor.position
            parts.append((try readKeyPart(), position))
            cursor.skipBlanks()
        } while cursor.skip(".")
        return parts
    }

    private mutating func readKeyPart() throws(TOMLProblem) -> String {
        if cursor.isAt("\"") || cursor.isAt("'") {
            guard !cursor.isAt("\"", times: 3), !cursor.isAt("'", times: 3) else {
                throw problem("a key cannot span lines", "quote it once")
            }
            return try TOMLStringReader.read(&cursor)
        }
        let start = cursor.offset
        cursor.skip(while: \.isBareKeyByte)
        guard cursor.offset > start else {
            throw problem("no key stands here", "a key is letters, digits, - and _, or in quotes")
        }
        return cursor.text(from: start)
    }

    // MARK: values

    private mutating func readValue(at path: TOMLPath, depth: Int) throws(TOMLProblem) {
        guard depth < Self.nestingLimit else {
            throw problem("values nest more than \(Self.nestingLimit) deep", "")
        }
        switch cursor.current {
        case UInt8(ascii: "["): try readArray(at: path, depth: depth)
        case UInt8(ascii: "{"): try readInlineTable(at: path, depth: depth)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            tree.set(path, to: .string(try TOMLStringReader.read(&cursor)))
        default: tree.set(path, to: try TOMLScalarReader.read(&cursor))
        }
    }

    private mutating func readArray(at path: TOMLPath, depth: Int) throws(TOMLProblem) {
        cursor.advance()
        tree.set(path, to: .array([]))
        var count = 0
        cursor.skipSpace()
        while !cursor.skip("]") {
            let place = tree.placeElement(count, of: path, at: cursor.position)
            try readValue(at: place, depth: depth + 1)
            count += 1
            cursor.skipSpace()
            guard cursor.skip(",") || cursor.isAt("]") else {
                throw problem("the array does not end", ", or ] belongs here")
            }
            cursor.skipSpace()
        }
    }

    private mutating func readInlineTable(at path: TOMLPath, depth: Int) throws(TOMLProblem) {
        cursor.advance()
        tree.set(path, to: .table([:]))
        cursor.skipBlanks()
        guard !cursor.skip("}") else { return }
        repeat {
            try readPair(under: path, depth: depth + 1)
            cursor.skipBlanks()
        } while cursor.skip(",")
        guard cursor.skip("}") else {
            throw problem("the inline table does not end", ", or } belongs here, on the same line")
        }
    }

    private func problem(_ reason: String, _ remedy: String) -> TOMLProblem {
        TOMLProblem(at: cursor.position, reason, remedy)
    }
}

/// Reads the TOML string under a cursor, of any of the four kinds.
struct TOMLStringReader {
    private let quote: Unicode.Scalar
    /// Three quotes for a string that may span lines, else one.
    private let width: Int
    private var text = ""

    /// The text of the string; the cursor is left behind the closing quote.
    static func read(_ cursor: inout TOMLCursor) throws(TOMLProblem) -> String {
        var reader = Self(at: cursor)
        try reader.read(&cursor)
        return reader.text
    }

    private init(at cursor: TOMLCursor) {
        quote = cursor.isAt("\"") ? "\"" : "'"
        width = cursor.isAt(quote, times: 3) ? 3 : 1
    }

    private mutating func read(_ cursor: inout TOMLCursor) throws(TOMLProblem) {
        cursor.advance(by: width)
        if width == 3, cursor.isAtLineEnd { cursor.skipLine() }
        while !cursor.isAt(quote, times: width) {
            guard cursor.current != nil, width == 3 || !cursor.isAtLineEnd else {
                throw TOMLProblem(
                    at: cursor.position,
                    "the string does not end",
                    "close the quotes"
                )
            }
            if quote == "\"", cursor.isAt("\\") {
                try readEscape(&cursor)
            } else {
                readCharacter(&cursor)
            }
        }
        cursor.advance(by: width)
        // Up to two quotes may stand directly before the three that close.
        for _ in 0..<2 where width == 3 && cursor.skip(quote) { text.unicodeScalars.append(quote) }
    }

    /// Takes a character as it is, but a line end always as a line feed.
    private mutating func readCharacter(_ cursor: inout TOMLCursor) {
        guard !cursor.isAtLineEnd else {
            text += "\n"
            return cursor.skipLine()
        }
        let start = cursor.offset
        cursor.advance()
        cursor.skip { $0 & 0xC0 == 0x80 }
        text += cursor.text(from: start)
    }

    private mutating func readEscape(_ cursor: inout TOMLCursor) throws(TOMLProblem) {
        let position = cursor.position
        cursor.advance()
        if width == 3, skipLineEnds(&cursor) { return }
        guard let scalar = escapedScalar(&cursor) else {
            let remedy = "such as \\\\, \\\", \\n or \\u00E9 belongs here"
            throw TOMLProblem(at: position, "the backslash escapes nothing known", remedy)
        }
        // TOML has it, but a path or a name with it would end there for the kernel.
        guard scalar != "\0" else {
            throw TOMLProblem(
                at: position,
                "the escape stands for the NUL character",
                "leave it out"
            )
        }
        text.unicodeScalars.append(scalar)
    }

    /// A backslash at the end of a line joins it with the next line that is not empty.
    private func skipLineEnds(_ cursor: inout TOMLCursor) -> Bool {
        var ahead = cursor
        ahead.skipBlanks()
        guard ahead.isAtLineEnd else { return false }
        ahead.skip { " \t\r\n".utf8.contains($0) }
        cursor = ahead
        return true
    }

    private func escapedScalar(_ cursor: inout TOMLCursor) -> Unicode.Scalar? {
        guard let letter = cursor.current else { return nil }
        cursor.advance()
        switch letter {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "u"): return hexadecimal(&cursor, digits: 4)
        case UInt8(ascii: "U"): return hexadecimal(&cursor, digits: 8)
        default: return nil
        }
    }

    private func hexadecimal(_ cursor: inout TOMLCursor, digits: Int) -> Unicode.Scalar? {
        let start = cursor.offset
        for _ in 0..<digits {
            guard let byte = cursor.current, Unicode.Scalar(byte).properties.isASCIIHexDigit else {
                return nil
            }
            cursor.advance()
        }
        return UInt32(cursor.text(from: start), radix: 16).flatMap(Unicode.Scalar.init)
    }
}

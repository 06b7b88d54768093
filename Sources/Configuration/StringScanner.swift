/// Reads the TOML string under a cursor, of any of the four kinds.
struct StringScanner {
    private(set) var text = ""
    /// Where a `\u0000` stood: TOML allows it, but C strings end there, so the value would differ
    /// from what is written.
    private(set) var escapedNUL: Position?

    /// Leaves the cursor behind the closing quote, or at the end of the file if there is none.
    init(scanning cursor: inout TextCursor) {
        let quote: Unicode.Scalar = cursor.isAt("\"") ? "\"" : "'"
        let isMultiline = cursor.isAt(quote, times: 3)
        let width = isMultiline ? 3 : 1
        cursor.advance(by: width)
        while cursor.current != nil, !cursor.isAt(quote, times: width) {
            if !isMultiline, cursor.isAt("\n") { return }
            scanCharacter(&cursor, escapes: quote == "\"")
        }
        cursor.advance(by: width)
        guard isMultiline else { return }
        // Up to two quotes may stand directly before the three that close.
        for _ in 0..<2 where cursor.isAt(quote) { cursor.advance() }
    }

    private mutating func scanCharacter(_ cursor: inout TextCursor, escapes: Bool) {
        guard escapes, cursor.isAt("\\") else {
            let start = cursor.offset
            cursor.advance()
            cursor.skip { $0 & 0xC0 == 0x80 }
            text += cursor.text(from: start)
            return
        }
        let position = cursor.position
        cursor.advance()
        let scalar = escapedScalar(&cursor)
        if scalar == "\0" { escapedNUL = escapedNUL ?? position }
        if let scalar { text.unicodeScalars.append(scalar) }
    }

    /// The character that an escape stands for; `nil` for one that stands for none.
    private func escapedScalar(_ cursor: inout TextCursor) -> Unicode.Scalar? {
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

    private func hexadecimal(_ cursor: inout TextCursor, digits: Int) -> Unicode.Scalar? {
        let start = cursor.offset
        for _ in 0..<digits {
            guard let byte = cursor.current, Character(Unicode.Scalar(byte)).isHexDigit else {
                return nil
            }
            cursor.advance()
        }
        return UInt32(cursor.text(from: start), radix: 16).flatMap(Unicode.Scalar.init)
    }
}

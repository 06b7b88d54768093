/// A walk over the bytes of a TOML file that always knows its line and column.
///
/// No step reads past the end, and none fails: on text that is no TOML the cursor just stands
/// where it cannot go on.
struct TOMLCursor {
    private let bytes: [UInt8]
    private(set) var offset = 0
    private(set) var position = TOMLPosition(line: 1, column: 1)

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if bytes.starts(with: mark) { offset = mark.count }
    }

    /// The byte under the cursor; `nil` at the end.
    var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    func isAt(_ character: Unicode.Scalar) -> Bool { current == UInt8(ascii: character) }

    /// Returns true if the next `count` bytes all are `character`.
    func isAt(_ character: Unicode.Scalar, times count: Int) -> Bool {
        offset + count <= bytes.count
            && bytes[offset..<offset + count].allSatisfy { $0 == UInt8(ascii: character) }
    }

    /// True if a line feed is next, or a carriage return and a line feed.
    var isAtLineEnd: Bool {
        isAt("\n")
            || isAt("\r") && offset + 1 < bytes.count && bytes[offset + 1] == UInt8(ascii: "\n")
    }

    mutating func advance(by count: Int = 1) {
        for _ in 0..<count {
            guard let byte = current else { return }
            offset += 1
            if byte == UInt8(ascii: "\n") {
                position = TOMLPosition(line: position.line + 1, column: 1)
            } else if current.map({ $0 & 0xC0 != 0x80 }) ?? true {
                position.column += 1
            }
        }
    }

    /// Steps over `character` if it is next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        advance()
        return true
    }

    mutating func skip(while condition: (UInt8) -> Bool) {
        while let byte = current, condition(byte) { advance() }
    }

    mutating func skipBlanks() {
        skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    mutating func skipLine() {
        skip { $0 != UInt8(ascii: "\n") }
        advance()
    }

    /// Steps over blanks, line ends and comments.
    mutating func skipSpace() {
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                advance()
            case UInt8(ascii: "#"): skipLine()
            default: return
            }
        }
    }

    /// The bytes from `start` to the cursor.
    func text(from start: Int) -> String {
        String(decoding: bytes[start..<offset], as: UTF8.self)
    }
}

/// A recursive-descent parser over bytes; the depth limit bounds the recursion.
struct JSONReader {
    let bytes: [UInt8]
    var index = 0
    private let depthLimit: Int
    private let numbers: JSONNode.Numbers
    private var depth = 0
    private var line = 1
    private var lineStart = 0

    init(bytes: [UInt8], depthLimit: Int, numbers: JSONNode.Numbers = .whole) {
        self.bytes = bytes
        self.depthLimit = depthLimit
        self.numbers = numbers
    }

    var position: JSONPosition { JSONPosition(line: line, column: index - lineStart + 1) }

    var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    func error(_ reason: String) -> JSONSyntaxError {
        JSONSyntaxError(position: position, reason: reason)
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    mutating func document() throws(JSONSyntaxError) -> JSONNode {
        guard !bytes.starts(with: Self.byteOrderMark) else {
            throw error("it begins with a byte order mark: save it as UTF-8 without one")
        }
        let node = try value()
        skipSpace()
        guard next == nil else { throw error("there is more after the end of the value") }
        return node
    }

    private mutating func skipSpace() {
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                lineStart = index + 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            default: return
            }
            index += 1
        }
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONNode {
        skipSpace()
        let start = position
        guard let byte = next else { throw error("a value is missing") }
        let content: JSONNode.Content =
            switch byte {
            case UInt8(ascii: "{"): try object()
            case UInt8(ascii: "["): try array()
            case UInt8(ascii: "\""): .string(try string())
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
            default: try word()
            }
        return JSONNode(position: start, content: content)
    }

    private mutating func word() throws(JSONSyntaxError) -> JSONNode.Content {
        let words: [(String, JSONNode.Content)] = [
            ("true", .bool(true)), ("false", .bool(false)), ("null", .null),
        ]
        for (word, content) in words where bytes[index...].starts(with: word.utf8) {
            index += word.utf8.count
            return content
        }
        throw error("this is not a JSON value")
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONNode.Content {
        let start = index
        let end = bytes[start...].firstIndex { !"-+.eE0123456789".utf8.contains($0) } ?? bytes.count
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        if let number = Int64(text), String(number) == text {
            index = end
            return .integer(number)
        }
        switch numbers {
        case .whole: throw error("\(text) is not a whole number of at most 64 bits")
        case .any where Self.isNumber(bytes[start..<end]):
            index = end
            return .string(text)
        case .any: throw error("\(text) is not a number")
        }
    }

    /// Returns whether bytes are a number of RFC 8259, section 6.
    private static func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = digits(&rest)
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else {
            return false
        }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard !digits(&rest).isEmpty else { return false }
        }
        guard let mark = rest.first else { return true }
        guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return false }
        rest.removeFirst()
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        return !digits(&rest).isEmpty && rest.isEmpty
    }

    private static func digits(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        bytes = bytes.dropFirst(digits.count)
        return digits
    }

    private mutating func array() throws(JSONSyntaxError) -> JSONNode.Content {
        var items: [JSONNode] = []
        try list(end: "]") { (reader: inout JSONReader) throws(JSONSyntaxError) in
            items.append(try reader.value())
        }
        return .array(items)
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONNode.Content {
        var members: [JSONNode.Member] = []
        var names = Set<String>()
        try list(end: "}") { (reader: inout JSONReader) throws(JSONSyntaxError) in
            let member = try reader.member()
            guard names.insert(member.name).inserted else {
                throw JSONSyntaxError(
                    position: member.namePosition,
                    reason: "the member `\(member.name)` is there twice"
                )
            }
            members.append(member)
        }
        return .object(members)
    }

    private mutating func member() throws(JSONSyntaxError) -> JSONNode.Member {
        skipSpace()
        let start = position
        guard next == UInt8(ascii: "\"") else { throw error("a member name in quotes is missing") }
        let name = try string()
        skipSpace()
        guard next == UInt8(ascii: ":") else { throw error("a colon is missing") }
        index += 1
        return JSONNode.Member(name: name, namePosition: start, node: try value())
    }

    /// Reads the comma-separated items between the bracket under the cursor and `end`.
    private mutating func list(
        end: Unicode.Scalar,
        item: (inout JSONReader) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        guard depth < depthLimit else { throw error("nested deeper than \(depthLimit)") }
        depth += 1
        index += 1
        skipSpace()
        var isFirst = true
        while next != UInt8(ascii: end) || !isFirst {
            try item(&self)
            isFirst = false
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            index += 1
        }
        guard next == UInt8(ascii: end) else { throw error("a comma or `\(end)` is missing") }
        index += 1
        depth -= 1
    }
}

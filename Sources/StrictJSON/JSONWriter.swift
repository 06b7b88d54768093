extension JSONValue {
    /// The value as one line of UTF-8, without a line feed.
    ///
    /// Control characters, C1 included, and characters that reorder text are escaped, so that text
    /// from outside cannot control the terminal that shows it.
    package func encoded() -> [UInt8] {
        var writer = JSONWriter(indent: nil)
        writer.write(self)
        return writer.bytes
    }

    /// The value on several lines, indented by two spaces, without a final line feed.
    package func prettyEncoded() -> [UInt8] {
        var writer = JSONWriter(indent: 2)
        writer.write(self)
        return writer.bytes
    }
}

private struct JSONWriter {
    let indent: Int?
    var bytes: [UInt8] = []
    private var depth = 0

    init(indent: Int?) {
        self.indent = indent
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .integer(let number): bytes += String(number).utf8
        case .string(let text): write(text)
        case .array(let items):
            list("[", "]", items) { writer, item in writer.write(item) }
        case .object(let members):
            list("{", "}", members) { writer, member in
                writer.write(member.name)
                writer.bytes += (writer.indent == nil ? ":" : ": ").utf8
                writer.write(member.value)
            }
        }
    }

    private mutating func list<Item>(
        _ open: String,
        _ close: String,
        _ items: [Item],
        _ writeItem: (inout JSONWriter, Item) -> Void
    ) {
        bytes += open.utf8
        depth += 1
        for (index, item) in items.enumerated() {
            if index > 0 { bytes += ",".utf8 }
            breakLine()
            writeItem(&self, item)
        }
        depth -= 1
        if !items.isEmpty { breakLine() }
        bytes += close.utf8
    }

    private mutating func breakLine() {
        guard let indent else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes += repeatElement(UInt8(ascii: " "), count: indent * depth)
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.allSatisfy(\.isPlainInJSON) {
            bytes += text.utf8
        } else {
            writeScalars(text)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writeScalars(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes += "\\\"".utf8
            case "\\": bytes += "\\\\".utf8
            case "\n": bytes += "\\n".utf8
            case "\t": bytes += "\\t".utf8
            case _ where scalar.isUnsafeToShow: escape(scalar)
            case _ where scalar.isASCII: bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            default: bytes += String(scalar).utf8
            }
        }
    }

    private mutating func escape(_ scalar: Unicode.Scalar) {
        for unit in String(scalar).utf16 {
            let hex = String(unit, radix: 16)
            bytes += "\\u".utf8
            bytes += repeatElement(UInt8(ascii: "0"), count: 4 - hex.utf8.count)
            bytes += hex.utf8
        }
    }
}

extension UInt8 {
    /// True if the character needs no escape in a JSON string, whatever surrounds it.
    fileprivate var isPlainInJSON: Bool {
        (0x20..<0x7F).contains(self) && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
    }
}

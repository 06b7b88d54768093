extension JSONReader {
    /// Reads the string whose opening quote is under the cursor.
    mutating func string() throws(JSONSyntaxError) -> String {
        index += 1
        var content: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw error("the string is not valid UTF-8")
                }
                index += 1
                return text
            case UInt8(ascii: "\\"): content += try escape()
            case 0..<0x20: throw error("a control character in a string must be escaped")
            default:
                content.append(byte)
                index += 1
            }
        }
        throw error("the string does not end")
    }

    private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
        index += 1
        guard let byte = next else { throw error("the string does not end") }
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
            UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12,
            UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
        ]
        if let character = plain[byte] {
            index += 1
            return [character]
        }
        guard byte == UInt8(ascii: "u") else { throw error("this is not an escape of JSON") }
        return try scalar()
    }

    private mutating func scalar() throws(JSONSyntaxError) -> [UInt8] {
        var value = UInt32(try codeUnit())
        if (0xD800..<0xDC00).contains(value), next == UInt8(ascii: "\\") {
            index += 1
            guard next == UInt8(ascii: "u") else { throw error("half of a surrogate pair") }
            let low = UInt32(try codeUnit())
            guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value), value != 0, let utf8 = UTF8.encode(scalar) else {
            throw error(value == 0 ? "U+0000 in a string" : "half of a surrogate pair")
        }
        return Array(utf8)
    }

    /// Reads `uXXXX` with the cursor on the `u`.
    private mutating func codeUnit() throws(JSONSyntaxError) -> UInt16 {
        let digits = bytes[(index + 1)...].prefix(4)
        let isHex = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }
        guard digits.count == 4, isHex,
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("\\u takes four hex digits") }
        index += 5
        return unit
    }
}

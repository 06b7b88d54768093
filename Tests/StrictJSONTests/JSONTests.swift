import StrictJSON
import Testing

@Suite struct `Strict JSON` {
    @Test(arguments: [
        "", " ", "{", "{\"a\":1,}", "[1,]", "{\"a\":1}x", "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "01", "+1", "1.5", "1e3", "NaN", "nul", "\"\u{01}\"", "\"\\ud800\"", "\"\\u0000\"",
        "\"\\x\"", "'a'",
        "9223372036854775808", "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "\u{FEFF}{}", "{1:2}",
        "/**/1",
    ])
    func `refuses what is not I-JSON`(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONNode.parse(Array(text.utf8)) }
    }

    @Test func `refuses what is not UTF-8`() {
        #expect(throws: JSONSyntaxError.self) { try JSONNode.parse([0x22, 0xFF, 0x22]) }
        #expect(throws: JSONSyntaxError.self) { try JSONNode.parse([0x22, 0xC0, 0x80, 0x22]) }
    }

    @Test func `says where the mistake is`() {
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONNode.parse(Array("{\n  \"a\": 1,\n  \"a\": 2\n}".utf8))
        }
        #expect(error?.position == JSONPosition(line: 3, column: 3))
    }

    @Test func `reads what it writes`() throws {
        let value: JSONValue = [
            "text": "a\"\\\n\u{1B}[2J\u{202E}é😀", "list": [1, -2, true, nil, []], "none": [:],
        ]
        #expect(try JSONNode.parse(value.encoded()).value == value)
        #expect(try JSONNode.parse(value.prettyEncoded()).value == value)
        let shown = String(decoding: value.encoded(), as: UTF8.self)
        #expect(!shown.unicodeScalars.contains { $0.isUnsafeToShow })
    }

    @Test func `joins surrogate pairs`() throws {
        #expect(try JSONNode.parse(Array("\"\\ud83d\\ude00\"".utf8)).value == "😀")
    }

    @Test(arguments: ["1.5", "-0.0e1", "1E+3", "12345678901234567890", "0.10"])
    func `takes the numbers of others as they are written, if it is told to`(number: String) throws
    {
        let bytes = Array("[\(number), 7]".utf8)
        #expect(throws: JSONSyntaxError.self) { try JSONNode.parse(bytes) }
        let value = try JSONNode.parse(bytes, numbers: .any).value
        #expect(value == .array([.string(number), .integer(7)]))
    }

    @Test(arguments: ["01", "1.", ".5", "-", "1e", "1e+", "--1", "1.2.3", "+1"])
    func `takes no number of nobody's`(number: String) {
        #expect(throws: JSONSyntaxError.self) {
            try JSONNode.parse(Array(number.utf8), numbers: .any)
        }
    }
}

import Foundation
import Grants
import TestSupport
import Testing

@Suite struct `Base64 text` {
    @Test(arguments: 0..<70)
    func `of any length is read back`(count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let text = Data(bytes).base64EncodedString()
        #expect(Base64.decode(Array(text.utf8)) == bytes)
        #expect(Base64.encode(bytes) == text)
        #expect(Base64.encodeUnpadded(bytes) == text.filter { $0 != "=" })
    }

    @Test(
        arguments: [
            "A", "AA", "AAA", "A===", "====", "=", "AB==", "AAB=", "AA=A", "AA==AAAA", "AAAA=",
            "AA A", "AA-_", "AAA\n", "AAAAA===", "\u{0}AAA",
        ]
    )
    func `of any other form is refused`(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }
}

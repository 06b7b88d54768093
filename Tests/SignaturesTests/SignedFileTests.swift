import Foundation
import Signatures
import Testing

private let block = SSHSIG.armor([UInt8](repeating: 0xA5, count: 200))

private func failure(_ file: [UInt8]) -> SignatureError? {
    do {
        _ = try SignedFile(splitting: file)
        return nil
    } catch {
        return error
    }
}

private func bytes(_ text: String) -> [UInt8] {
    Array(text.utf8)
}

@Suite struct `A signed file` {
    @Test(arguments: [1, 2, 16])
    func `is a payload and whole blocks`(count: Int) throws {
        let armor = Array(repeatElement(block, count: count).joined())
        let file = try SignedFile(splitting: payload + armor)
        #expect(file.payload == payload)
        #expect(
            file.signatures == Array(repeating: [UInt8](repeating: 0xA5, count: 200), count: count)
        )
    }

    @Test(arguments: [1, 64, 70, 76])
    func `may break its armor anywhere up to 76 characters`(width: Int) throws {
        let content = Array(UInt8.min...UInt8.max)
        let file = try SignedFile(splitting: payload + SSHSIG.armor(content, width: width))
        #expect(file.signatures == [content])
    }

    @Test func `may hold the marker within a line of its payload`() throws {
        let text = bytes("{\"justification\": \"-----BEGIN SSH SIGNATURE-----\"}\n")
        #expect(try SignedFile(splitting: text + block).payload == text)
    }

    @Test(
        arguments: [
            ("", "empty", "the file is empty"),
            ("{}\n", "unsigned", "there is no signature"),
            ("{}\n{BLOCK", "unsigned", "must end with a line feed"),
            ("BLOCK", "empty", "nothing before the first signature"),
            ("{}BLOCK", "unsigned", "must end with a line feed"),
            ("{}\nBLOCKmore\n", "malformed-signature", "signature 2: only"),
            ("{}\nBLOCK\n", "malformed-signature", "signature 2: only"),
            ("{}\nBLOCK BLOCK", "malformed-signature", "signature 2: only"),
            ("{}\nBLOCK\nBLOCK", "malformed-signature", "signature 2: only"),
            ("{}\nBLOCK{}\nBLOCK", "malformed-signature", "signature 2: only"),
            ("{}\nBLOCKmore", "malformed-signature", "signature 2: it is cut short"),
            ("{}\n<", "malformed-signature", "signature 1: it is cut short"),
            ("{}\n<QUJD\n", "malformed-signature", "signature 1: it is cut short"),
            ("{}\n<QUJD\nEN", "malformed-signature", "signature 1: it is cut short"),
            ("{}\n<QUJD\n >", "malformed-signature", "it is cut short"),
            ("{}\n<>", "malformed-signature", "is not base64"),
            ("{}\n<\nQUJD\n>", "malformed-signature", "1 to 76 characters"),
            ("{}\n<QUJD\n\n>", "malformed-signature", "1 to 76 characters"),
            ("{}\n<QU JD\n>", "malformed-signature", "is not base64"),
            ("{}\n<QUJ\n>", "malformed-signature", "is not base64"),
            ("{}\n<QUI=\nQUJD\n>", "malformed-signature", "is not base64"),
            ("{}\n<QUJ=\n>", "malformed-signature", "is not base64"),
            ("{}\n<QUJD\r\n>", "malformed-signature", "not with CR LF"),
            ("{}\r\n-----BEGIN SSH SIGNATURE-----\r\n", "malformed-signature", "not with CR LF"),
            ("{}\n<\(String(repeating: "A", count: 80))\n>", "malformed-signature", "76"),
        ]
    )
    func `of another shape is refused`(text: String, code: String, reason: String) throws {
        let file = text.replacingOccurrences(
            of: "BLOCK",
            with: String(decoding: block, as: UTF8.self)
        )
        .replacingOccurrences(of: "<", with: "-----BEGIN SSH SIGNATURE-----\n")
        .replacingOccurrences(of: ">", with: "-----END SSH SIGNATURE-----\n")
        let error = try #require(failure(bytes(file)))
        #expect(error.code.rawValue == code)
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func `without its last line feed is refused`() {
        #expect(failure(payload + block.dropLast())?.description.contains("cut short") == true)
    }

    @Test func `has bounds`() throws {
        let spaces = { (count: Int) in [UInt8](repeating: 0x20, count: count - 1) + bytes("\n") }
        #expect(failure(spaces(SignedFile.payloadLimit) + block) == nil)
        #expect(failure(spaces(SignedFile.payloadLimit + 1) + block)?.code == .tooLarge)
        let blocks = { (count: Int) in Array(repeatElement(block, count: count).joined()) }
        #expect(failure(payload + blocks(16)) == nil)
        #expect(failure(payload + blocks(17))?.code == .tooLarge)
        let long = SSHSIG.armor([UInt8](repeating: 0, count: 6_200))
        #expect(failure(payload + long)?.description.hasPrefix("signature 1: it is longer") == true)
        #expect(failure(payload + SSHSIG.armor([UInt8](repeating: 0, count: 6_100))) == nil)
        #expect(failure(spaces(SignedFile.sizeLimit + 1))?.code == .tooLarge)
    }
}

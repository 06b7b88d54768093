import Testing

@testable import Transfer

struct TransferTests {
    @Test func `the digest is SHA-256`() {
        // FIPS 180-2, appendix B.1.
        let digest = Digest.sha256(of: Array("abc".utf8))
        #expect(
            digest.starts(with: [0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA])
                && digest.count == 32
        )
    }
}

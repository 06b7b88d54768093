import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `A refusal says` {
    private func refusal(_ host: AgentHost) throws -> String {
        try eventually { try host.records("grant-refused").count == 1 }
        return try #require(try host.reasons("grant-refused").first ?? nil)
    }

    /// The part of a grant that its signer signed.
    private func payload(of grant: [UInt8]) throws -> [UInt8] {
        let text = String(decoding: grant, as: UTF8.self)
        let end = try #require(text.range(of: "-----")?.lowerBound)
        return Array(text[..<end].utf8)
    }

    @Test func `that a byte order mark is what is wrong`() throws {
        let host = try AgentHost()
        try host.start()
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let payload = try mark + payload(of: host.grant())
        try host.submit(payload + host.key.sign(payload), as: "a.grant")
        let reason = try refusal(host)
        #expect(reason.hasPrefix("malformed-json: "))
        #expect(reason.contains("it begins with a byte order mark: save it as UTF-8 without one"))
    }

    @Test func `that a file is UTF-16`() throws {
        let host = try AgentHost()
        try host.start()
        let text = String(decoding: try host.grant(), as: UTF8.self)
        let bytes = [0xFF, 0xFE] + (text.data(using: .utf16LittleEndian).map(Array.init) ?? [])
        try host.submit(bytes, as: "a.grant")
        #expect(try refusal(host).contains("byte order mark of UTF-16"))
    }

    @Test func `that the allowed signers on disk are not in force, where it is by others`() throws {
        let host = try AgentHost()
        try host.start()
        let stranger = try SSHKey()
        try host.write("nonsense\ndana \(stranger.publicLine)\n", to: "allowed_signers")
        try eventually { try host.records("policy-refused").count == 1 }
        let payload = try payload(of: host.grant())
        try host.submit(payload + stranger.sign(payload), as: "a.grant")
        let reason = try refusal(host)
        #expect(reason.hasPrefix("stranger: "))
        #expect(!reason.contains("not in allowed_signers"))
        #expect(
            reason.contains("is none of the signers in force; those on disk are not in force: ")
        )
    }
}

import Foundation
import StrictJSON
import TestSupport
import Testing

extension AgentHost {
    fileprivate func isOpen(_ element: String = "192.0.2.7 . tcp . 22") throws -> Bool {
        try namespace.command("nft", "list", "table", "inet", "jitgate").contains(element)
    }

    fileprivate func reasons(_ event: String) throws -> [String?] {
        try records(event).map { $0["JITGATE_REASON"]?.text }
    }
}

@Suite struct `The agent` {
    @Test func `opens for a signed grant, shuts at its deadline and records both`() throws {
        let host = try AgentHost()
        try host.start()
        #expect(try !host.isOpen())
        try host.submit(host.grant(lasting: 2), as: "a.grant")
        try eventually { try host.isOpen() }
        #expect(try host.records("grant-opened").count == 1)
        try eventually { try !host.isOpen() }
        try eventually { try host.reasons("grant-closed") == ["expired"] }
        let closed = try #require(try host.records("grant-closed").first)
        let opened = try #require(try host.records("grant-opened").first)
        let deadline = try #require(opened["JITGATE_DEADLINE"]?.text)
        #expect(try millisecondsLate(closed, after: deadline) < 50)
        #expect(try FileManager.default.contentsOfDirectory(atPath: host.drop).isEmpty)
    }

    /// The time after its deadline at which a record was made; never more than 5 ms before it.
    private func millisecondsLate(_ record: JSONValue, after deadline: String) throws -> Double {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let end = try format.parse(deadline).timeIntervalSince1970 * 1000
        let text = try #require(record["__REALTIME_TIMESTAMP"]?.text)
        let made = try #require(Double(text)) / 1000
        #expect(made >= end.rounded(.down) - 5)
        return made - end
    }

    @Test func `shuts when the file is removed, and never opens for the same id again`() throws {
        let host = try AgentHost()
        try host.start()
        let grant = try host.grant()
        try host.submit(grant, as: "a.grant")
        try eventually { try host.isOpen() }
        try FileManager.default.removeItem(atPath: host.drop + "/a.grant")
        try eventually { try host.reasons("grant-closed") == ["removed"] }
        #expect(try !host.isOpen())
        try host.submit(grant, as: "a.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        #expect(try host.reasons("grant-refused").first??.hasPrefix("once: id:") == true)
        #expect(try !host.isOpen())
    }

    @Test func `shuts for a signed revocation, and bars a grant that comes after its own`() throws {
        let host = try AgentHost()
        try host.start()
        let (open, later) = (UUID(), UUID())
        try host.submit(host.grant(id: open), as: "a.grant")
        try eventually { try host.isOpen() }
        try host.submit(host.revocation(of: open), as: "r1.grant")
        try eventually { try host.reasons("grant-closed") == ["revoked"] }
        #expect(try !host.isOpen())
        try host.submit(host.revocation(of: later), as: "r2.grant")
        try eventually { try host.reasons("grant-closed") == ["revoked", "revoked"] }
        try host.submit(host.grant(id: later), as: "b.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        #expect(try !host.isOpen())
    }

    @Test func `takes up after a crash what was open, and nothing else`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.isOpen() }
        host.kill()
        #expect(try host.isOpen())
        try host.start()
        #expect(try host.isOpen())
        #expect(try host.records("grant-opened").count == 1)
        host.kill()
        try FileManager.default.removeItem(atPath: host.drop + "/a.grant")
        try host.start()
        #expect(try !host.isOpen())
        #expect(try host.reasons("grant-closed") == ["removed"])
    }

    @Test(arguments: [true, false])
    func `says that a grant expired which ran out while no agent ran`(isThere: Bool) throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(lasting: 1), as: "a.grant")
        try eventually { try host.isOpen() }
        host.kill()
        if !isThere { try FileManager.default.removeItem(atPath: host.drop + "/a.grant") }
        try eventually { try !host.isOpen("expires") }
        try host.start()
        #expect(try host.reasons("grant-closed") == ["expired"])
        #expect(try host.records("grant-refused").isEmpty)
        try eventually { try FileManager.default.contentsOfDirectory(atPath: host.drop).isEmpty }
    }

    @Test func `lets nothing bad change what is open`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: "good.grant")
        try eventually { try host.isOpen() }
        let stranger = try AgentHost()
        let good = try host.grant()
        let bad: [(String, [UInt8], String)] = [
            ("empty", [], "empty"),
            ("unsigned", Array("{}\n".utf8), "unsigned"),
            ("stranger", try stranger.grant(), "stranger"),
            ("tampered", [UInt8(ascii: " ")] + good, "tampered"),
            ("truncated", Array(good.dropLast(40)), "malformed-signature"),
            ("trailing", good + Array("more\n".utf8), "malformed-signature"),
            ("other-host", try host.grant(changes: [.init("hosts", ["db-1"])]), "host"),
            (
                "everyone", try host.grant(changes: [.init("sources", ["0.0.0.0/0"])]),
                "widest-source"
            ),
            ("long", try host.grant(lasting: 4 * 3600), "max-duration"),
            ("over", try host.grant(lasting: -1), "expires"),
            ("port", try host.grant(changes: [.init("ports", ["23/tcp"])]), "protected-port"),
            ("octal", try host.grant(changes: [.init("sources", ["010.0.0.1"])]), "bad-value"),
            ("escapes", try host.grant(changes: [.init("requestor", "\u{1B}[2J")]), "bad-value"),
            ("unknown", try host.grant(changes: [.init("also", "x")]), "unknown-field"),
        ]
        for (name, bytes, _) in bad { try host.submit(bytes, as: name + ".grant") }
        try eventually { try host.records("grant-refused").count == bad.count }
        var codes: [String: String] = [:]
        for record in try host.records("grant-refused") {
            let file = try #require(record["JITGATE_FILE"]?.text)
            let reason = try #require(record["JITGATE_REASON"]?.text)
            codes[URL(fileURLWithPath: file).lastPathComponent] = String(
                reason.prefix { $0 != ":" }
            )
        }
        for (name, _, code) in bad { #expect(codes[name + ".grant"] == code) }
        #expect(try host.isOpen())
        #expect(try host.records("grant-closed").isEmpty)
    }
}

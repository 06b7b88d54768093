import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `A full disk` {
    private let host: AgentHost
    private let disk: SmallDisk

    init() throws {
        host = try AgentHost()
        disk = try host.mountDisk(at: host.auditDirectory)
    }

    /// Starts the agent with files of ended grants kept or removed.
    private func start(ended: String) throws {
        try host.edit {
            $0.replacingOccurrences(of: "[grants]", with: "[grants]\nended_files = \"\(ended)\"")
        }
        try host.start()
    }

    /// Fills the disk and waits until the log has no room for a single record.
    private func fill() throws {
        try disk.fill()
        var count = 0
        try eventually {
            count += 1
            try host.submit(Array("no grant \(count)".utf8), as: "bad\(count).grant")
            // Other files of the log are full before it is.
            return try host.conditions().contains { $0.contains("/audit.jsonl") }
        }
    }

    @Test(arguments: ["keep", "remove"])
    func `does not bring back what was revoked, though the agent crashes`(ended: String) throws {
        try start(ended: ended)
        let id = UUID()
        try host.submit(host.grant(id: id), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try fill()
        let outcome = try host.jitgate("revoke", "\(id)", "--reason", "lost laptop")
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("it is closed, but that is not on record"))
        #expect(try host.openings().isEmpty)
        try eventually { !FileManager.default.fileExists(atPath: host.drop + "/a.grant") }
        host.kill()
        try disk.empty()
        try host.start()
        #expect(try host.openings().isEmpty)
        #expect(try host.reasons("grant-closed") == ["removed"])
    }

    @Test(arguments: ["keep", "remove"])
    func `opens nothing again whose end is not on record yet, though its file comes back`(
        ended: String
    ) throws {
        try start(ended: ended)
        let id = UUID()
        let grant = try host.grant(id: id)
        try host.submit(grant, as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try fill()
        _ = try host.jitgate("revoke", "\(id)", "--reason", "lost laptop")
        try eventually { !FileManager.default.fileExists(atPath: host.drop + "/a.grant") }
        try #expect(submit(grant).contains("has ended (revoked)"))
        #expect(try host.openings().isEmpty)
        try disk.empty()
        try eventually { try host.reasons("grant-closed") == ["revoked"] }
        #expect(try host.openings().isEmpty)
        #expect(try host.records("grant-opened").count == 1)
    }

    @Test func `lets nothing in that was revoked before it came, though that is not on record yet`()
        throws
    {
        try start(ended: "remove")
        try fill()
        let id = UUID()
        try host.submit(host.revocation(of: id), as: "r.grant")
        try #expect(submit(host.grant(id: id)).contains("has ended (revoked)"))
        try disk.empty()
        try eventually { try host.reasons("grant-closed") == ["revoked"] }
        #expect(try host.openings().isEmpty)
        #expect(try host.records("grant-opened").isEmpty)
    }

    /// The output of `jitgate submit` for a file that it does not accept.
    private func submit(_ grant: [UInt8]) throws -> String {
        let path = host.path + "/again.grant"
        try Data(grant).write(to: URL(fileURLWithPath: path))
        let outcome = try host.jitgate("submit", path)
        #expect(outcome.status != 0)
        return outcome.errors
    }

    @Test func `keeps the file of a revocation until that is on record`() throws {
        try start(ended: "remove")
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try fill()
        // It bars a grant that comes later.
        let id = UUID()
        try host.submit(host.revocation(of: id), as: "r.grant")
        try host.submit(Array("no grant".utf8), as: "last.grant")
        _ = try host.jitgate("status")
        #expect(FileManager.default.fileExists(atPath: host.drop + "/r.grant"))
        host.kill()
        try disk.empty()
        try host.start()
        try eventually { !FileManager.default.fileExists(atPath: host.drop + "/r.grant") }
        try host.submit(host.grant(id: id), as: "late.grant")
        try eventually {
            try host.reasons("grant-refused").contains { $0?.hasPrefix("once") == true }
        }
    }

    @Test func `opens nothing, and closes what is open`() throws {
        try start(ended: "remove")
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try fill()
        let sources = JSONValue.Member("sources", ["192.0.2.9/32"])
        try host.submit(host.grant(changes: [sources]), as: "b.grant")
        try host.remove("a.grant")
        try eventually { try host.openings().isEmpty }
        try disk.empty()
        try eventually { try host.records("grant-opened").count == 2 }
        // The record comes before the kernel.
        try eventually { try host.openings() == ["192.0.2.9 . tcp . 22"] }
        #expect(try host.reasons("grant-closed") == ["removed"])
    }

    /// Policies that admit something that the one before did not.
    private static let openings = [
        ["\"enforce\"", "\"observe\""], ["\n[grants]", "\ntrusted = [\"192.0.2.0/24\"]\n[grants]"],
        ["[control]", "[[port]]\nnumber = 3389\nprotocol = \"tcp\"\n[control]"],
    ]

    private func passes() throws -> Bool {
        let answer = try host.jitgate("explain", "192.0.2.8", "22/tcp", "--json")
        return try JSONNode.parse(answer.output).value["passes"] == true
    }

    @Test(arguments: openings)
    func `keeps out what a policy would let in, and lets it shut out`(change: [String]) throws {
        try start(ended: "remove")
        try fill()
        try host.edit { $0.replacingOccurrences(of: change[0], with: change[1]) }
        let refused = try host.jitgate("reload")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("it cannot be recorded, so nothing has changed"))
        #expect(try !passes())
        try disk.empty()
        #expect(try host.jitgate("reload").status == 0)
        #expect(try passes())
        try fill()
        try host.edit { $0.replacingOccurrences(of: change[1], with: change[0]) }
        #expect(try host.jitgate("reload", "--force").status == 0)
        #expect(try !passes())
        try disk.empty()
        try eventually { try host.jitgate("status").text.contains("health     ok") }
        #expect(try host.jitgate("audit", "verify").status == 0)
    }
}

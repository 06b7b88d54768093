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
            return try JSONNode.parse(host.jitgate("status", "--json").output).value["healthy"]
                == false
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
        #expect(try host.openings() == ["192.0.2.9 . tcp . 22"])
        #expect(try host.reasons("grant-closed") == ["removed"])
    }
}

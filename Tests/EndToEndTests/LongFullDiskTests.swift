import Foundation
import StrictJSON
import TestSupport
import Testing

extension AgentHost {
    fileprivate var problems: String {
        get throws { try conditions().joined(separator: "\n") }
    }

    /// Fills the disk, and lets files that are no grants take what room the log has left.
    fileprivate func fill(_ disk: SmallDisk) throws {
        try disk.fill()
        var number = 0
        while try !problems.contains("takes no records") {
            number += 1
            try #require(number < 100)
            try submit(Array("no grant, number \(number)\n".utf8), as: "bad-\(number).grant")
            try eventually {
                try records("grant-refused").count == number || problems.contains("no records")
            }
        }
    }

    /// Grants that are open and end in different ways.
    fileprivate func open(_ names: [String: UUID], brief: String) throws {
        for (name, id) in names {
            let number = name.utf8.first ?? 0
            let source = JSONValue.Member("sources", [.string("192.0.2.\(number)")])
            let changes = [source] + (name == brief ? [.init("duration", "12s")] : [])
            try submit(grant(id: id, changes: changes), as: name + ".grant")
        }
        try eventually { try openings().count == names.count }
    }

    fileprivate func endings() throws -> [String: String] {
        let pairs = try records("grant-closed").map {
            ($0["JITGATE_GRANT"]?.text ?? "", $0["JITGATE_REASON"]?.text ?? "")
        }
        return Dictionary(pairs) { "\($0) and \($1)" }
    }

    fileprivate func expectWholeLog() throws {
        let numbers = try records().map { $0["JITGATE_SEQ"]?.text }
        #expect(numbers == numbers.indices.map { String($0) })
        #expect(try jitgate("audit", "verify").status == 0)
    }
}

/// The grants of a host, by name, and how each ends.
private struct Wards {
    let ids = ["a": UUID(), "b": UUID(), "d": UUID()]
    /// Revoked before it ever came.
    let barred = UUID()

    func name(_ name: String) -> String { ids[name]?.uuidString.lowercased() ?? "" }

    /// Opens them, fills the disk, and lets each end in its own way.
    func live(through host: AgentHost, _ disk: SmallDisk) throws {
        try host.start()
        try host.open(ids, brief: "a")
        try host.fill(disk)
        let closed = try host.endings()
        try #require(closed.isEmpty)
        try host.submit(host.grant(changes: [.init("sources", ["198.51.100.7"])]), as: "c.grant")
        try host.remove("b.grant")
        try host.submit(host.revocation(of: ids["d"] ?? UUID()), as: "r1.grant")
        try host.submit(host.revocation(of: barred), as: "r2.grant")
        // Nothing stays open, nothing opens and nothing is on record.
        try eventually { try host.openings().isEmpty }
        #expect(try host.endings().isEmpty)
        #expect(try host.problems.contains("takes no records, so nothing opens"))
    }

    func expectEnd(of host: AgentHost) throws {
        try eventually { try host.openings() == ["198.51.100.7 . tcp . 22"] }
        try eventually { try host.endings().count == 4 }
        let wanted = [
            name("a"): "expired", name("b"): "removed", name("d"): "revoked",
            barred.uuidString.lowercased(): "revoked",
        ]
        #expect(try host.endings() == wanted)
        let revoked = try host.records("grant-closed").filter { $0["JITGATE_REASON"] == "revoked" }
        #expect(revoked.map { $0["JITGATE_ACTOR"] } == ["signer:dana", "signer:dana"])
        try host.submit(host.grant(id: barred), as: "e.grant")
        try eventually {
            try host.reasons("grant-refused").contains { $0?.hasPrefix("once") == true }
        }
        #expect(try host.openings() == ["198.51.100.7 . tcp . 22"])
        try host.expectWholeLog()
    }
}

@Suite struct `A disk that is full for long` {
    @Test func `stops no close and lets nothing open until there is room`() throws {
        let host = try AgentHost()
        let disk = try host.mountDisk(at: host.auditDirectory)
        let wards = Wards()
        try wards.live(through: host, disk)
        try disk.empty()
        try wards.expectEnd(of: host)
        try eventually { try host.problems.isEmpty }
    }

    @Test func `leaves a grant to the policy that is in force when it is on record`() throws {
        let host = try AgentHost()
        let disk = try host.mountDisk(at: host.auditDirectory)
        try host.start()
        try host.fill(disk)
        let id = UUID()
        try host.submit(host.grant(id: id), as: "a.grant")
        let name = id.uuidString.lowercased()
        try eventually { try host.jitgate("list", "--json").text.contains(name) }
        try host.edit { $0 + "\n# Another.\n" }
        let reloaded = try host.jitgate("reload")
        try #require(reloaded.status == 0)
        try disk.empty()
        try eventually { try host.openings().count == 1 }
        let policies = try host.records("policy-loaded").map { $0["JITGATE_POLICY_SHA256"] }
        #expect(Set(policies).count == 2)
        let accepted = try host.records("grant-accepted").map { $0["JITGATE_POLICY_SHA256"] }
        #expect(accepted == [policies.last])
        try host.expectWholeLog()
    }

    @Test func `loses no close to a crash meanwhile`() throws {
        let host = try AgentHost()
        let disk = try host.mountDisk(at: host.auditDirectory)
        let wards = Wards()
        try wards.live(through: host, disk)
        host.kill()
        try disk.empty()
        try host.start()
        try wards.expectEnd(of: host)
    }

    @Test func `keeps no agent from starting and closing`() throws {
        let host = try AgentHost()
        let log = try host.mountDisk(at: host.auditDirectory)
        let state = try host.mountDisk(at: host.path + "/state")
        try host.start()
        // What proves the grants cannot be copied out of the log.
        try state.fill()
        try host.open(["b": UUID(), "d": UUID()], brief: "")
        try host.fill(log)
        host.kill()
        try host.launch()
        try eventually { (try? host.problems.contains("takes no records")) == true }
        #expect(try host.openings().count == 2)
        try host.remove("b.grant")
        try eventually { try host.openings().count == 1 }
        try state.empty()
        try log.empty()
        try eventually { try host.records("agent-started").count == 2 }
        try eventually { try host.reasons("grant-closed") == ["removed"] }
        try eventually { try host.problems.isEmpty }
        try host.expectWholeLog()
    }
}

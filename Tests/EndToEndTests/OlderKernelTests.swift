import Foundation
import StrictJSON
import TestSupport
import Testing

extension AgentHost {
    fileprivate func status() throws -> JSONValue {
        try JSONNode.parse(jitgate("status", "--json").output).value
    }
}

/// The ownership of the table on each kernel; nobody else can change an owned one.
private let kernels = ["6.11": "owned", "6.8": "watched", "6.2": "watched"]

@Suite struct `An agent on an older kernel` {
    @Test(arguments: kernels)
    func `opens, holds open for longer and closes in time`(kernel: String, ownership: String) throws
    {
        let host = try AgentHost()
        try host.launch(environment: ["LD_PRELOAD": AgentHost.faults, "KERNEL": kernel])
        let long = UUID()
        try host.submit(host.grant(changes: [.init("duration", "2s")]), as: "a.grant")
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        try host.submit(host.grant(id: long, lasting: 600), as: "b.grant")
        try eventually { try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0 > 500 }
        try eventually { try host.reasons("grant-closed") == ["expired"] }
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
        #expect(try host.status()["table_ownership"]?.text == ownership)
        #expect(try host.status()["healthy"] == true)
        // Shorter again, by what is left when the longer one is gone.
        try host.submit(host.grant(changes: [.init("duration", "3s")]), as: "c.grant")
        try eventually { try host.records("grant-opened").count == 3 }
        #expect(try host.jitgate("revoke", long.uuidString, "--reason", "enough").status == 0)
        #expect(try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0 <= 3)
        // Also without an agent.
        host.kill()
        try eventually { try host.openings().isEmpty }
        try host.launch(environment: ["LD_PRELOAD": AgentHost.faults, "KERNEL": kernel])
        try eventually { try host.records("grant-closed").count == 3 }
        #expect(try host.reasons("grant-closed") == ["expired", "revoked", "expired"])
        #expect(try host.openings().isEmpty)
    }

    @Test func `shuts at boot before any agent runs`() throws {
        let host = try AgentHost()
        let said = try host.namespace.command(
            "env",
            "LD_PRELOAD=\(AgentHost.faults)",
            "KERNEL=6.8",
            AgentHost.build + "jitgated",
            "--config",
            host.policyPath,
            "--shut"
        )
        #expect(said.hasPrefix("shut, by "))
        let table = try host.namespace.command("nft", "list", "table", "inet", "jitgate")
        #expect(table.contains("tcp . 22"))
        #expect(!table.contains("flags owner"))
    }
}

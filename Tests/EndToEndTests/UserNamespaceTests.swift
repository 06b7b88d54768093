import Foundation
import StrictJSON
import TestSupport
import Testing

/// Root in a user namespace alone, as in an unprivileged container.
@Suite struct `In a user namespace of its own` {
    private static let words = ["unshare", "--user", "--map-root-user", "--net"]

    @Test func `the agent opens and closes`() throws {
        let host = try AgentHost()
        try host.launch(through: Self.words)
        try eventually { try host.records("agent-started").count == 1 }
        let process = try #require(host.agent).processIdentifier
        let inside = ["nsenter", "-t", "\(process)", "-U", "-n", "--preserve-credentials"]
        let table = { try Command.run(inside + ["nft", "list", "table", "inet", "jitgate"]).text }
        #expect(try table().contains("tcp . 22"))
        #expect(try host.jitgate("status").status == 0)
        let id = UUID()
        try host.submit(host.grant(id: id), as: "a.grant")
        try eventually { try table().contains("192.0.2.7 . tcp . 22") }
        #expect(try host.jitgate("revoke", id.uuidString, "--reason", "enough").status == 0)
        #expect(try !table().contains("192.0.2.7 . tcp . 22"))
    }

    @Test func `the host is shut where no agent runs`() throws {
        let host = try AgentHost()
        let shut = "\(AgentHost.build)jitgated --config \(host.policyPath) --shut"
        let result = try Command.run(
            Self.words + ["sh", "-c", "\(shut) && nft list table inet jitgate"]
        )
        #expect(result.status == 0)
        #expect(result.text.hasPrefix("shut, by "))
        #expect(result.text.contains("tcp . 22"))
    }
}

@Suite struct `Without the privilege to change rules` {
    private func run(_ words: String..., on host: AgentHost) throws -> Command.Result {
        try Command.run(
            ["nsenter", "--net=\(host.namespace.path)", "setpriv", "--bounding-set=-net_admin"]
                + ["--inh-caps=-net_admin", AgentHost.build + "jitgated", "--config"]
                + [host.policyPath] + words
        )
    }

    @Test func `shutting says what is missing and does not say that it is done`() throws {
        let host = try AgentHost()
        let result = try run("--shut", on: host)
        #expect(result.status == 71)
        #expect(result.errors.contains("Operation not permitted; it takes CAP_NET_ADMIN"))
        #expect(result.text.isEmpty)
    }
}

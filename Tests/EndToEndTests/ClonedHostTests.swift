import Auditing
import Foundation
import Grants
import Recording
import StrictJSON
import TestSupport
import Testing
import Transparency

extension AgentHost {
    /// Starts the agent as on a machine with this id.
    fileprivate func launch(asMachine id: String) throws {
        try write("\(id)\n", to: "machine-id")
        let before = try records("agent-started").count
        try launch(through: [
            "unshare", "-m", "sh", "-c",
            "mount --bind \(path)/machine-id /etc/machine-id; exec \"$@\"", "sh",
        ])
        try eventually { try records("agent-started").count > before }
    }

    fileprivate func verify(_ words: String...) throws -> Command.Result {
        try Command.run(
            [Self.build + "jitgate", "audit", "verify", "--config", policyPath] + words
        )
    }

    fileprivate var problems: [String] {
        get throws { try conditions() }
    }

    fileprivate func checkpoint() throws -> String {
        try String(contentsOfFile: auditDirectory + "/checkpoint", encoding: .utf8)
    }
}

private let first = String(repeating: "1", count: 32)
private let second = String(repeating: "2", count: 32)

/// A host whose agent ran on one machine, with a grant that is open, and then runs on another.
private struct ClonedHost {
    let host: AgentHost
    let live: UUID
    /// The checkpoint that the first machine signed.
    let signed: String
    let key: String

    init() throws {
        let (host, live) = (try AgentHost(), UUID())
        try host.launch(asMachine: first)
        let grant = try host.grant(id: live)
        try host.submit(grant, as: "a.grant")
        try eventually { try host.openings().count == 1 }
        host.stop()
        signed = try host.checkpoint()
        key = try String(contentsOfFile: host.auditDirectory + "/audit.pub", encoding: .utf8)
        try host.launch(asMachine: second)
        (self.host, self.live) = (host, live)
    }
}

@Suite struct `An agent on a cloned machine` {
    @Test func `ends what was live, opens nothing and signs nothing`() throws {
        let scene = try ClonedHost()
        let host = scene.host
        try eventually { try host.records("grant-closed").count == 1 }
        #expect(try host.openings().isEmpty)
        let changed = try host.records("host-changed")
        #expect(changed.count == 1)
        #expect(changed.first?["JITGATE_FORMER_MACHINE_ID"]?.text == first)
        let problem = try #require(try host.problems.first)
        #expect(problem.contains("are of another machine (\(first))"))
        #expect(problem.contains("sudo jitgate audit rekey"))
        try host.submit(host.grant(), as: "b.grant")
        try eventually { try host.records("grant-refused").count == 2 }
        #expect(
            try host.reasons("grant-refused").allSatisfy { $0?.hasPrefix("host-changed: ") == true }
        )
        #expect(try host.openings().isEmpty)
        #expect(try host.checkpoint() == scene.signed)
        for words in [["attest"], ["attest", "--from", "1"]] {
            let attested = try Command.run(
                [AgentHost.build + "jitgate"] + words + ["--config", host.policyPath]
            )
            #expect(attested.status == 1 && attested.text.isEmpty)
            #expect(attested.errors.contains("no checkpoint by a key of this machine"))
        }
        // Neither is a restart a way around it, nor a second record.
        host.stop()
        try host.launch(asMachine: second)
        #expect(try host.records("host-changed").count == 1)
        #expect(try !host.problems.isEmpty)
        #expect(try host.checkpoint() == scene.signed)
    }

    @Test func `goes on under a key of its own, and what had ended stays ended`() throws {
        let scene = try ClonedHost()
        let host = scene.host
        try eventually { try host.records("grant-closed").count == 1 }
        let reply = try host.jitgate("audit", "rekey")
        #expect(reply.status == 0)
        #expect(reply.text.hasPrefix("jitgate/web-1/\(second)+"))
        let rekeyed = try #require(try host.records("audit-rekeyed").first)
        #expect(rekeyed["JITGATE_AUDIT_KEY"]?.text == String(reply.text.dropLast()))
        // The former root is over all records before this one.
        let leaves = try LeafFile.read(host.auditDirectory + "/audit.leaves", atMost: 1000)
        let sequence = try #require(rekeyed["JITGATE_SEQ"]?.text.flatMap { Int($0) })
        #expect(
            rekeyed["JITGATE_FORMER_ROOT"]?.text
                == MerkleLeaves(leaves).root(of: sequence).base64
        )
        #expect(rekeyed["JITGATE_ACTOR"]?.text == "uid:0")
        #expect(try host.problems.isEmpty)
        #expect(try host.checkpoint().hasPrefix("jitgate/web-1/\(second)\n"))
        #expect(
            try host.jitgate("attest").text.hasPrefix("jitgate status/1 jitgate/web-1/\(second)\n")
        )
        // Of the files that lay there one had ended; a new one opens.
        try host.submit(host.grant(), as: "c.grant")
        try eventually { try host.openings().count == 1 }
        #expect(
            try host.records("grant-opened").last?["JITGATE_GRANT"]?.text
                != scene.live.uuidString.lowercased()
        )
        let verified = try host.verify()
        #expect(verified.status == 0, "\(verified.text)")
        #expect(try host.verify("--key", String(scene.key.dropLast())).status != 0)
        // It is this machine's own now, and stays so.
        #expect(try host.jitgate("audit", "rekey").status == 1)
        host.stop()
        try host.launch(asMachine: second)
        #expect(try host.problems.isEmpty)
        #expect(try host.openings().count == 1)
    }

    @Test func `is told from a host that merely got another name`() throws {
        let host = try AgentHost()
        try host.launch(asMachine: first)
        let hosts = JSONValue.Member("hosts", ["web-*"])
        try host.submit(host.grant(changes: [hosts]), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        host.stop()
        try host.edit { $0.replacing("hostname = \"web-1\"\n", with: "hostname = \"web-2\"\n") }
        try host.launch(asMachine: first)
        #expect(try host.problems.isEmpty)
        #expect(try host.openings().count == 1)
        #expect(try host.records("host-changed").isEmpty)
    }
}

import AgentInterface
import Attestation
import Conditions
import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing
import Transparency
import Varlink

extension AgentHost {
    fileprivate var key: VerifierKey {
        get throws {
            let text = try String(contentsOfFile: auditDirectory + "/audit.pub", encoding: .utf8)
            return try VerifierKey(parsing: text.trimmingCharacters(in: .newlines))
        }
    }

    fileprivate func client() throws -> VarlinkClient {
        try VarlinkClient.connecting(to: path + "/control")
    }

    /// The signed status, verified.
    fileprivate func attested() throws -> StatusNote {
        let note = try #require(try client().call(AgentInterface.attest).note)
        return try StatusNote(parsing: Array(note.utf8), signedBy: key)
    }

    fileprivate var checkpoint: String {
        get throws { try String(contentsOfFile: auditDirectory + "/checkpoint", encoding: .utf8) }
    }

    fileprivate func sha256(_ name: String) throws -> String {
        let result = try Command.run(["sha256sum", path + "/" + name])
        return String(result.text.prefix(64))
    }
}

@Suite struct `The signed status` {
    @Test func `says how the host is, over the checkpoint of its log`() throws {
        let host = try AgentHost(
            policy: """
                [host]
                labels = { role = "db" }
                [[port]]
                number = 22
                protocol = "tcp"
                approvals = 1
                max_duration = "2h"
                """
        )
        try host.start()
        let id = UUID()
        try host.submit(host.grant(id: id), as: "a.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        try eventually { try host.attested().status.grants.open.count == 1 }
        let note = try host.attested()
        let status = note.status
        #expect(note.checkpoint.note == (try host.checkpoint))
        #expect(status.host.hostname == "web-1" && status.host.version == Release.version)
        let release = try Command.run(["uname", "-r"]).text
        #expect(status.host.kernel + "\n" == release)
        #expect(status.jsonValue["mode"]?.text == "enforce" && status.labels == ["role": "db"])
        #expect(status.ports.map(\.port) == ["22/tcp"])
        #expect(status.ports.first?.maxDuration == .seconds(7200))
        #expect(status.digests.policy == (try host.sha256("jitgate.toml")))
        #expect(status.digests.signers == (try host.sha256("allowed_signers")))
        let open = try #require(status.grants.open.first)
        #expect(open.id.description == id.uuidString.lowercased())
        #expect(open.requestor == "dana" && open.signers == ["dana"])
        #expect(open.deadline > open.opened && open.sources == ["192.0.2.7/32"])
        #expect(status.conditions.contains { $0.code == "no-way-back" })
    }

    @Test func `is printed by jitgate, and verified by Go`() throws {
        let host = try AgentHost()
        try host.start()
        let key = "\(try host.key)"
        let printed = try host.jitgate("attest")
        #expect(printed.status == 0)
        _ = try StatusNote(parsing: Array(printed.text.utf8), signedBy: host.key)
        let proof = try host.jitgate("attest", "--from", "1")
        #expect(proof.status == 0)
        let growth = try ConsistencyProof(parsing: Array(proof.text.utf8)).verify(by: host.key)
        #expect(growth.roots[1] != nil)
        let go = try GoVerifier()
        #expect(try go.run(["status", key], [printed.text]).status == 0)
        #expect(try go.run(["growth", key], [proof.text]).status == 0)
        let json = try JSONNode.parse(Array(host.jitgate("attest", "--json").text.utf8)).value
        #expect(json["note"]?.text?.hasPrefix("jitgate status/1 ") == true)
        #expect(try host.jitgate("attest", "--from", "999999").status != 0)
    }

    @Test func `is the same for all within a second, and asking changes nothing`() throws {
        let host = try AgentHost()
        try host.start()
        try eventually { try host.checkpoint.contains("\n\(host.records().count)\n") }
        let (records, checkpoint) = (try host.records().count, try host.checkpoint)
        let clients = try (0..<8).map { _ in try host.client() }
        let begun = ContinuousClock.now
        let notes = try clients.map { try $0.call(AgentInterface.attest).note }
        // Eight calls may take longer than a second on a machine that is busy.
        if ContinuousClock.now - begun < .milliseconds(900) { #expect(Set(notes).count == 1) }
        try eventually { try host.client().call(AgentInterface.attest).note != notes[0] }
        #expect(try host.records().count == records && host.checkpoint == checkpoint)
    }

    @Test func `is told to have changed by what it says, and not by what strangers do`() throws {
        let scene = try SessionScene()
        let host = scene.host
        let client = try host.client()
        try client.send(VarlinkCall(method: "io.jitgate.Agent.Attest", wantsMore: true))
        let first = try #require(try client.receive(timeoutMilliseconds: 30_000))
        #expect(first.continues && first.parameters["note"]?.text != nil)
        let socket = try scene.connect(SOCK_DGRAM, from: "192.0.2.8", to: 3389)
        socket.send()
        try eventually { try !host.records("attempt-denied").isEmpty }
        #expect(try client.receive(timeoutMilliseconds: 0) == nil)
        try host.submit(host.grant(), as: "another.grant")
        let last = try #require(try client.receive(timeoutMilliseconds: 30_000))
        #expect(!last.continues && last.parameters["note"] == .null)
        // The connection goes on, for the next question.
        #expect(try client.call(AgentInterface.attest).note != nil)
    }

    @Test func `that was out of date when it came is told to have changed with it`() throws {
        let host = try AgentHost()
        try host.start()
        let clients = try (0..<2).map { _ in try host.client() }
        let call = VarlinkCall(method: "io.jitgate.Agent.Attest", wantsMore: true)
        try clients[0].send(call)
        _ = try clients[0].receive(timeoutMilliseconds: 30_000)
        try host.submit(host.grant(), as: "a.grant")
        #expect(try clients[0].receive(timeoutMilliseconds: 30_000)?.continues == false)
        // Within a second it is the same note, of the time before the grant.
        try clients[1].send(call)
        let note = try #require(try clients[1].receive(timeoutMilliseconds: 30_000))
        let status = try StatusNote(
            parsing: Array((note.parameters["note"]?.text ?? "").utf8),
            signedBy: host.key
        ).status
        guard status.grants.open.isEmpty else { return }  // the machine took longer than a second
        let last = try #require(try clients[1].receive(timeoutMilliseconds: 5_000))
        #expect(!last.continues && last.parameters["note"] == .null)
        try clients[0].send(call)
        _ = try clients[0].receive(timeoutMilliseconds: 30_000)
    }

    @Test func `of a condition that comes is told to have changed`() throws {
        let host = try AgentHost()
        try host.start()
        let client = try host.client()
        try client.send(VarlinkCall(method: "io.jitgate.Agent.Attest", wantsMore: true))
        _ = try client.receive(timeoutMilliseconds: 30_000)
        try host.submit(Array("no grant".utf8), as: "bad.grant")
        #expect(try client.receive(timeoutMilliseconds: 30_000)?.continues == false)
        try eventually {
            try host.attested().status.conditions.contains { $0.code == "file-refused" }
        }
    }

    @Test func `proves at every size that the log only grew, and no size that it has not`() throws {
        let host = try AgentHost()
        try host.start()
        for number in 0..<20 {
            try host.submit(Array("no grant \(number)".utf8), as: "\(number).grant")
        }
        try eventually { try host.records("grant-refused").count == 20 }
        let size = Int64(try host.records().count)
        let client = try host.client()
        let all = ProveParameters(sizes: Array(0..<size))
        let proof = try client.call(AgentInterface.prove, all).proof
        let growth = try ConsistencyProof(parsing: Array(proof.utf8)).verify(by: host.key)
        #expect(growth.roots.count >= Int(size))
        let later = ProveParameters(sizes: [size + 1000])
        #expect(throws: ClientError.fault(.invalidParameter("sizes"))) {
            try client.call(AgentInterface.prove, later)
        }
        // Other hashes than those of the records prove nothing.
        let leaves = try FileHandle(
            forWritingTo: URL(filePath: host.auditDirectory + "/audit.leaves")
        )
        try leaves.write(contentsOf: Data(repeating: 7, count: 32))
        try leaves.close()
        #expect(throws: ClientError.self) {
            try client.call(AgentInterface.prove, ProveParameters(sizes: [2]))
        }
    }

    @Test func `names the depot that is silent, as jitgate-fetch says`() throws {
        let host = try AgentHost()
        try host.makeDirectory("carrier")
        try host.makeDirectory("carrier/inbox")
        try host.edit {
            $0 + "\n[[inbox]]\ndirectory = \"\(host.path)/carrier/inbox\"\nowner = \"nobody\"\n"
        }
        try host.start()
        let silent = {
            try host.attested().status.conditions.first { $0.code == "depot-silent" }
        }
        #expect(try silent() == nil)
        let state = """
            {"jitgate": "fetch/1", "depot": "https://depot.example.com",
             "silent_since": "2026-01-01T00:00:00Z", "error": "no route to host"}
            """
        try host.write(state, to: "carrier/state.json")
        try eventually { try silent() != nil }
        let found = try #require(try silent())
        #expect(found.since == "2026-01-01T00:00:00Z" && found.severity == .warning)
        #expect(found.message.contains("no route to host"))
        let doctor = try host.jitgate("doctor", "--json")
        let told = try JSONNode.parse(Array(doctor.text.utf8)).value["conditions"]?.items ?? []
        #expect(told.count { $0["code"]?.text == "depot-silent" } == 1)
        try host.write("{}", to: "carrier/state.json")
        try eventually { try silent() == nil }
    }
}

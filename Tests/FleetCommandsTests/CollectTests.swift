import Foundation
import StrictJSON
import TestSupport
import Testing
import Transparency

/// `jitgate-fleet collect`: a witness.
struct CollectTests {
    private let fleet: FleetHosts

    init() throws { fleet = try FleetHosts() }

    private func collect(_ words: String...) throws -> (status: Int32, results: [String]) {
        let result = try Command.run(
            [
                AgentHost.build + "jitgate-fleet", "collect", "--json", "--inventory",
                fleet.path("hosts"), "--depot", fleet.path("depot"), "--witness",
                fleet.path("witness"),
            ] + words
        )
        let items = try JSONNode.parse(result.output).value.items ?? []
        return (result.status, items.compactMap { $0["result"]?.text })
    }

    private func state() throws -> String? {
        let result = try fleet.run("status", "--json", witnessed: true)
        return try JSONNode.parse(result.output).value["hosts"]?.items?.first?["state"]?.text
    }

    @Test func `a log that only grows is proved, and cosigned`() throws {
        var host = try ReportingHost("web-1")
        try fleet.list(host.line)
        try fleet.report(host)
        let seed = [UInt8](repeating: 9, count: 32)
        let key = try CosigningKey(name: "witness.example.com", seed: seed)
        try fleet.write(key.text + "\n", to: "key")
        let words = ["--key", fleet.path("key")]
        #expect(try collect(words[0], words[1]) == (0, ["first"]))
        #expect(try collect(words[0], words[1]) == (0, ["same"]))
        host.grow(by: 2)
        try fleet.report(host)
        #expect(try collect(words[0], words[1]) == (0, ["newer"]))
        try fleet.write(host.proof(from: [3]), to: "depot/status/web-1.proof")
        #expect(try collect(words[0], words[1]) == (0, ["proved"]))
        let note = try Array(
            Data(contentsOf: URL(filePath: fleet.path("witness/web-1.checkpoint")))
        )
        #expect(try key.publicKey.time(ofCosignatureUnder: note) != nil)
        #expect(try Checkpoint(parsing: note, signedBy: host.key.publicKey).size == 5)
        #expect(try state() == "configured")
    }

    @Test func `a rewritten log is a fork, until a person accepts it with a reason`() throws {
        var host = try ReportingHost("web-1")
        try fleet.list(host.line)
        try fleet.report(host)
        #expect(try collect() == (0, ["first"]))
        host.text = "rewritten"
        host.grow(by: 0)
        try fleet.report(host)
        #expect(try collect() == (1, ["forked"]))
        #expect(try collect() == (1, ["forked"]))
        #expect(try state() == "forked")
        #expect(try fleet.run("check", witnessed: true).status == 1)
        #expect(try fleet.run("collect", "--accept-fork", "web-1", witnessed: true).status == 2)
        #expect(try collect("--accept-fork", "web-1", "--reason", "restored") == (0, ["first"]))
        #expect(try collect() == (0, ["same"]))
        #expect(try state() == "configured")
        let memory = try String(contentsOfFile: fleet.path("witness/web-1.json"), encoding: .utf8)
        #expect(memory.contains("restored"))
    }

    @Test func `an older status that the depot shows again is no news, and shows as silence`()
        throws
    {
        var host = try ReportingHost("web-1")
        try fleet.list(host.line)
        let old = try host.note()
        host.grow(by: 1)
        try fleet.report(host)
        #expect(try collect() == (0, ["first"]))
        try fleet.write(old, to: "depot/status/web-1")
        #expect(try collect() == (0, ["older"]))
        #expect(try state() == "silent")
    }

    @Test func `a proof that is too long proves nothing, and hides no other host`() throws {
        var hosts = try ["web-1", "web-2"].map { try ReportingHost($0) }
        for host in hosts {
            try fleet.list(host.line)
            try fleet.report(host)
        }
        #expect(try collect() == (0, ["first", "first"]))
        for index in hosts.indices {
            hosts[index].grow(by: 1)
            try fleet.report(hosts[index])
        }
        try fleet.write(String(repeating: "x", count: 2 << 20), to: "depot/status/web-1.proof")
        try fleet.write(hosts[1].proof(from: [3]), to: "depot/status/web-2.proof")
        #expect(try collect() == (0, ["newer", "proved"]))
    }

    @Test func `what its host has not signed is an alarm, and is not remembered`() throws {
        try fleet.list(ReportingHost("web-1").line)
        try fleet.write(ReportingHost("web-1", seed: 2).note(), to: "depot/status/web-1")
        #expect(try collect() == (1, ["unverified"]))
        #expect(!FileManager.default.fileExists(atPath: fleet.path("witness/web-1.json")))
    }
}

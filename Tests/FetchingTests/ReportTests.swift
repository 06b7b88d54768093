import Attestation
import Depot
import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing
import Transparency

@testable import Fetching

/// The status of a real agent, in a real web server.
@Suite struct `The status of a host` {
    private let name = ReportingHost.name

    private func put(_ depot: NginxDepot, _ object: String) throws -> [UInt8] {
        let file = "\(depot.path)/www/jitgate/status/\(object)"
        return try Array(Data(contentsOf: URL(filePath: file)))
    }

    @Test func `lies in the depot under its name, with the proof that its log only grew`() throws {
        let depot = try NginxDepot()
        let host = try ReportingHost(depot.url, depot: depot.keys)
        #expect(!host.report())
        let bytes = try put(depot, name)
        let note = try host.note(bytes)
        #expect(note.status.host.hostname == "web-1" && note.status.grants.open.isEmpty)
        let growth = try ConsistencyProof(parsing: put(depot, name + ".proof"))
            .verify(by: host.key)
        #expect(growth.roots[note.checkpoint.checkpoint.size] == note.checkpoint.checkpoint.root)
        let go = try GoVerifier()
        let key = "\(try host.key)"
        #expect(try go.run(["status", key], [Data(bytes)]).status == 0)
        #expect(try go.run(["growth", key], [Data(put(depot, name + ".proof"))]).status == 0)
        let state = try host.fetching.state["report"]
        #expect(state?["object"]?.text == "status/\(name)" && state?["state"]?.text == "ok")
        #expect(state?["proved"]?.text != nil)
        #expect(try host.fetching.state["certificate_expires"]?.text == "2040-01-01T00:00:00Z")
        #expect(host.carrier.isComplete)
    }

    @Test func `is put by the host alone whose certificate has its name`() throws {
        let depot = try NginxDepot()
        let host = try ReportingHost(depot.url, depot: depot.keys)
        let reader = try host.fetching.reader()
        let own = try #require(ShelfName(name))
        for object in [DepotObject.status(own), .proof(own)] {
            #expect(try reader.put([1], as: object) == nil)
        }
        let other = try #require(ShelfName("another-host"))
        for object in [DepotObject.status(other), .proof(other)] {
            let refusal = try #require(try reader.put([1], as: object))
            #expect(refusal.reason.contains("the depot answered 403"))
        }
        guard case .failed(let reason) = try reader.read(.status(own), unless: nil) else {
            Issue.record("a host could read a status")
            return
        }
        #expect(reason.contains("403"))
    }

    @Test func `is put again when it changes, and a witness sees that the log only grew`() throws {
        let depot = try NginxDepot()
        let host = try ReportingHost(depot.url, depot: depot.keys)
        _ = host.report()
        let begun = Carrier.now
        var witness = WitnessedHost(key: try host.key)
        let now = StateBoard.wallClock
        let first = witness.look(at: try host.note(put(depot, name)), now: now)
        #expect(first == .first)
        #expect(!host.hearsChange)
        try host.agent.submit(host.agent.grant(), as: "a.grant")
        try eventually { host.hearsChange }
        host.carrier.statusChanged()
        #expect(!host.hearsChange)
        try host.reportWhenDue()
        #expect(Carrier.now - begun >= .seconds(10))
        let note = try host.note(put(depot, name))
        #expect(note.status.grants.open.map(\.requestor) == ["dana"])
        let second = witness.look(at: note, now: now)
        #expect(second == .newer && witness.unproved.count == 1)
        // The proof of a day is made once; the next one covers both sizes.
        let line = AgentLine(path: host.agent.path + "/control")
        let sizes = try Data(contentsOf: URL(filePath: host.fetching.path + "/reported"))
        let known = String(decoding: sizes, as: UTF8.self).split(separator: "\n")
        let proof = try line.prove(known.compactMap { Int64($0) })
        let growth = try ConsistencyProof(parsing: Array(proof.utf8)).verify(by: host.key)
        guard case .proved = witness.look(at: growth, now: now) else {
            Issue.record("the witness did not see that the log grew")
            return
        }
        #expect(witness.unproved.isEmpty && !witness.isAlarming)
    }

    @Test func `that changes ends the wait for news at a hub`() throws {
        let depot = try LyingDepot()
        try depot.writeIndex("")
        let host = try ReportingHost(depot.url("hub"))
        #expect(!host.report())
        try host.agent.submit(host.agent.grant(), as: "a.grant")
        try eventually { host.hearsChange }
        let begun = Carrier.now
        _ = host.carrier.round()
        #expect(Carrier.now - begun < .seconds(20), "the hub would have waited for 30 s")
        #expect(try host.fetching.state["silent_since"] == .null)
        host.carrier.statusChanged()
        try host.reportWhenDue()
        #expect(try host.note(depot.put("status/" + name)).status.grants.open.count == 1)
    }

    @Test func `that the depot does not take is said, and files come as before`() throws {
        let depot = try NginxDepot(takesReports: false)
        try depot.writeIndex([try depot.put("first")])
        let host = try ReportingHost(depot.url, depot: depot.keys)
        for count in 1...3 {
            #expect(!host.report())
            try depot.writeIndex(try (0...count).map { try depot.put("grant \($0)") })
            _ = host.carrier.round()
        }
        #expect(try host.fetching.files.count == 5)
        let state = try host.fetching.state
        #expect(state["silent_since"] == .null)
        #expect(state["report"]?["state"]?.text == "failing")
        #expect(state["report"]?["error"]?.text?.contains("the depot answered 405") == true)
        #expect(host.carrier.isComplete)
        let pause = try #require(host.carrier.reportDue) - Carrier.now
        #expect(pause <= .seconds(8))
    }

    @Test func `waits for an agent that is gone, and goes on with the next`() throws {
        let depot = try NginxDepot()
        let host = try ReportingHost(depot.url, depot: depot.keys)
        _ = host.report()
        let before = try host.note(put(depot, name)).checkpoint.checkpoint.size
        host.agent.kill()
        try eventually { host.hearsChange }
        host.carrier.statusChanged()
        #expect(!host.report())
        let error = try host.fetching.state["report"]?["error"]?.text ?? ""
        #expect(error.contains("control"), "\(error)")
        _ = host.carrier.round()
        #expect(try host.fetching.state["silent_since"] == .null)
        try host.agent.start()
        try host.reportWhenDue()
        #expect(try host.note(put(depot, name)).checkpoint.checkpoint.size > before)
        #expect(try host.fetching.state["report"]?["error"] == .null)
    }

    @Test func `is signed for a store as S3 does`() throws {
        let depot = try LyingDepot()
        let folder = try TemporaryDirectory()
        let file = folder.path + "/keys"
        let keys = "aws_access_key_id = host\naws_secret_access_key = s3cret/key\nregion = eu-1\n"
        try Data(keys.utf8).write(to: URL(filePath: file))
        let host = try ReportingHost(depot.url("signed"), depot: "credentials = \"\(file)\"")
        #expect(!host.report())
        #expect(try host.note(depot.put("status/" + name)).status.host.hostname == "web-1")
        let proof = try ConsistencyProof(parsing: depot.put("status/\(name).proof"))
        #expect(try proof.verify(by: host.key).checkpoint.size > 0)
    }

    @Test func `is not put while a depot that is asked too much wants to be left alone`() throws {
        let depot = try LyingDepot()
        let host = try ReportingHost(depot.url("busy-for-reports"))
        #expect(!host.report())
        let pause = try #require(host.carrier.reportDue) - Carrier.now
        #expect(pause > .seconds(100) && pause <= .seconds(144))
        #expect(host.carrier.cadence.due - Carrier.now <= .seconds(12))
    }

    @Test func `holds up files for ten seconds if the depot does not answer`() throws {
        let depot = try LyingDepot()
        let host = try ReportingHost(depot.url("deaf"))
        let begun = Carrier.now
        #expect(!host.report())
        let spent = Carrier.now - begun
        #expect(spent >= .seconds(9) && spent < .seconds(25))
        _ = host.carrier.round()
        #expect(try host.fetching.files.count == 3)
        #expect(try host.fetching.state["silent_since"] == .null)
    }

    @Test func `is put by the program, which ends by SIGTERM`() throws {
        let depot = try NginxDepot()
        let host = try ReportingHost(depot.url, depot: depot.keys)
        let process = host.fetching.process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["--default-signal=TERM", AgentHost.build + "jitgate-fetch", "--config"]
            + [host.fetching.configurationPath]
        try process.run()
        defer { process.end() }
        // The first round comes at random within a minute.
        #expect(comesToBeSo(within: .seconds(90)) { (try? put(depot, name)) != nil })
        #expect(try host.note(put(depot, name)).status.host.hostname == "web-1")
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
    }
}

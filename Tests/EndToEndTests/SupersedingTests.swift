import Foundation
import Glibc
import StrictJSON
import TestSupport
import Testing

@Suite struct `A grant that takes the place of another` {
    private func replace(
        _ old: UUID,
        in scene: SessionScene,
        id: UUID = UUID(),
        with changes: [JSONValue.Member] = []
    ) throws {
        let supersedes = JSONValue.Member("supersedes", [.string(old.uuidString.lowercased())])
        let grant = try scene.host.grant(id: id, changes: [supersedes] + changes)
        try scene.host.submit(grant, as: "\(id).grant")
    }

    private func closings(_ host: AgentHost) throws -> [String?] {
        try host.records("grant-closed").map { $0["JITGATE_SUPERSEDED_BY"]?.text }
    }

    @Test func `keeps its sessions beyond the old deadline`() throws {
        let scene = try SessionScene()
        let listener = try scene.listen()
        let (old, new) = (UUID(), UUID())
        try scene.open(["192.0.2.7/32"], id: old, lasting: 3)
        let session = try scene.session(from: "192.0.2.7", at: listener)
        try replace(old, in: scene, id: new)
        try eventually { try scene.host.reasons("grant-closed") == ["superseded"] }
        #expect(try closings(scene.host) == [new.uuidString.lowercased()])
        #expect(session.client.ending(within: 4000) == nil)
        #expect(session.client.reaches(session.server))
        // The record of the new opening comes before that of the old end.
        let records = try scene.host.records().compactMap { $0["JITGATE_EVENT"]?.text }
        let opened = records.lastIndex(of: "grant-opened")
        #expect(try #require(opened) < #require(records.firstIndex(of: "grant-closed")))
        #expect(try scene.host.jitgate("audit", "verify").status == 0)
    }

    @Test(arguments: ["terminate", "drain"])
    func `cuts what it does not cover`(expiry: String) throws {
        let scene = try SessionScene {
            $0 + "\n[defaults]\non_expiry = \"\(expiry)\"\nwidest_source = [\"/24\", \"/56\"]\n"
        }
        let listener = try scene.listen()
        let old = UUID()
        try scene.open(["192.0.2.0/24"], id: old)
        let kept = try scene.session(from: "192.0.2.8", at: listener)
        let cut = try scene.session(from: "192.0.2.7", at: listener)
        try replace(old, in: scene, with: [.init("sources", ["192.0.2.8/32"])])
        #expect(cut.client.ending(within: 10_000) == ECONNRESET)
        #expect(kept.client.reaches(kept.server))
        try eventually { try scene.host.openings() == ["192.0.2.8 . tcp . 22"] }
    }

    @Test func `is refused where the other is somebody else's, and changes nothing then`() throws {
        let scene = try SessionScene()
        let old = UUID()
        try scene.open(["192.0.2.7/32"], id: old)
        try replace(old, in: scene, with: [.init("requestor", "eve")])
        try eventually { try scene.host.records("grant-refused").count == 1 }
        let reason = try #require(try scene.host.reasons("grant-refused").first ?? nil)
        #expect(reason.hasPrefix("supersedes: supersedes[0]: that is a grant of \"dana\""))
        #expect(try scene.host.records("grant-closed").isEmpty)
    }

    @Test func `keeps one that never came from opening, over a restart`() throws {
        let scene = try SessionScene()
        let (never, new) = (UUID(), UUID())
        try replace(never, in: scene, id: new)
        try eventually { try scene.host.records("grant-opened").count == 1 }
        #expect(try closings(scene.host) == [new.uuidString.lowercased()])
        scene.host.kill()
        try scene.host.start()
        try scene.host.submit(scene.host.grant(id: never), as: "never.grant")
        try eventually { try scene.host.records("grant-refused").count == 1 }
        #expect(try scene.host.records("grant-opened").count == 1)
        #expect(try scene.host.jitgate("audit", "verify").status == 0)
    }

    @Test func `is what extend and move write`() throws {
        let scene = try SessionScene()
        let old = UUID()
        try scene.open(["192.0.2.7/32"], id: old)
        let id = old.uuidString.lowercased()
        let answers = try [
            scene.host.jitgate("extend", id, "--for", "1h", "--host", "web-1"),
            scene.host.jitgate("move", id, "--source", "192.0.2.8", "--host", "web-1"),
        ]
        let deadline = try scene.host.records("grant-opened")[0]["JITGATE_DEADLINE"]
        let grants = try answers.map { answer in
            #expect(answer.status == 0, "\(answer.errors)")
            return try JSONNode.parse(answer.output).value
        }
        for grant in grants {
            #expect(grant["supersedes"] == [.string(id)])
            #expect(grant["requestor"] == "dana")
            #expect(grant["ports"] == ["22/tcp"])
        }
        #expect(grants[0]["expires"] != deadline && grants[1]["expires"] == deadline)
        #expect(grants[1]["sources"] == ["192.0.2.8/32"])
        #expect(try scene.host.jitgate("extend", UUID().uuidString, "--for", "1h").status == 1)
    }
}

import Foundation
import Grants
import HubStorage
import StrictJSON
import TestSupport
import Testing
import Transparency

@testable import Hub

struct ActivityTests {
    private func append(
        _ hub: RunningHub,
        _ event: ActivityEvent,
        actor: String,
        _ text: String
    ) async throws {
        try await hub.parts.database.write { statements throws(StorageError) in
            _ = try ActivityRecords(statements: statements)
                .append(ActivityEntry(event, at: .wall, actor: actor, text))
        }
    }

    @Test func `entries are proved by the hub's key`() async throws {
        let dana = try HubPerson("dana", "jitgate-login,jitgate-audit")
        let hub = try await RunningHub(people: [dana])
        let token = try await hub.token(of: dana)
        for number in 0..<9 { try await append(hub, .asked, actor: "olga", "entry \(number)") }
        let key = try VerifierKey(
            parsing: try await hub.call("GET", "/v1/key").text.trimmingCharacters(in: .newlines)
        )
        #expect(key.name == "hub.test/hub")
        let note = try await hub.call("GET", "/v1/checkpoint", token: token)
        let checkpoint = try Checkpoint(parsing: note.body, signedBy: key)
        #expect(checkpoint.size == 10, "a login and nine entries")
        let list = try await hub.call("GET", "/v1/activity", token: token).json["activity"]?.items
        #expect(list?.count == 10)
        for entry in list ?? [] {
            let position = try #require(entry["position"]?.number)
            let path = "/v1/proof?position=\(position)"
            let proof = try InclusionProof(parsing: await hub.call("GET", path, token: token).text)
            let proved = try proof.verify(entry.encoded(), by: key)
            #expect(proved == checkpoint)
        }
        #expect(try await hub.call("GET", "/v1/proof?position=10", token: token).status == 404)
        #expect(try await hub.call("GET", "/v1/checkpoint").status == 401)
        try await hub.stop()
    }

    @Test func `the key and the log outlive the hub`() async throws {
        let folder = try TemporaryDirectory()
        let first = try await RunningHub(in: folder)
        let key = try await first.call("GET", "/v1/key").text
        try await append(first, .asked, actor: "olga", "one")
        try await first.stop()
        let second = try await RunningHub(in: folder)
        #expect(try await second.call("GET", "/v1/key").text == key)
        try await append(second, .asked, actor: "olga", "two")
        let size = try await second.parts.database.read { statements throws(StorageError) in
            try ActivityRecords(statements: statements).tree().size
        }
        #expect(size == 2)
        try await second.stop()
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/hub.key")
        #expect(mode[.posixPermissions] as? Int == 0o600)
    }

    @Test func `the list is filtered, continued and exported`() async throws {
        let dana = try HubPerson("dana", "jitgate-login,jitgate-audit")
        let hub = try await RunningHub(people: [dana])
        let token = try await hub.token(of: dana)
        for number in 0..<5 { try await append(hub, .asked, actor: "olga", "=entry, \(number)") }
        let first = try await hub.call("GET", "/v1/activity?event=asked&limit=2", token: token)
        #expect(first.json["activity"]?.items?.map { $0["position"]?.number } == [5, 4])
        let next = try #require(first.json["next"]?.text)
        let path = "/v1/activity?event=asked&limit=2&cursor=\(next)"
        let second = try await hub.call("GET", path, token: token)
        #expect(second.json["activity"]?.items?.map { $0["position"]?.number } == [3, 2])
        let csv = try await hub.call("GET", "/v1/activity?format=csv&actor=olga", token: token)
        #expect(csv.headers["content-type"]?.hasPrefix("text/csv") == true)
        #expect(csv.text.hasPrefix("position,time,event,request,host,actor,text\r\n"))
        #expect(csv.text.contains("\"'=entry, 4\"\r\n"), "no spreadsheet computes it")
        for query in ["limit=0", "limit=x", "cursor=-1", "color=red", "since=today", "format=xml"] {
            let reply = try await hub.call("GET", "/v1/activity?\(query)", token: token)
            #expect(reply.code == "malformed", "\(query)")
        }
        try await hub.stop()
    }

    @Test func `without jitgate-audit one sees one's own`() async throws {
        let dana = try HubPerson("dana")
        let hub = try await RunningHub(people: [dana])
        let token = try await hub.token(of: dana)
        try await append(hub, .asked, actor: "olga", "not hers")
        let list = try await hub.call("GET", "/v1/activity", token: token).json["activity"]?.items
        #expect(list?.map { $0["event"]?.text } == ["login"])
        #expect(try await hub.call("GET", "/v1/activity").status == 401)
        try await hub.stop()
    }

    @Test func `a stream tells of entries as they come, from where its reader was`() async throws {
        let dana = try HubPerson("dana", "jitgate-login,jitgate-audit")
        let hub = try await RunningHub(people: [dana])
        let token = try await hub.token(of: dana)
        let head = "GET /v1/events HTTP/1.1\r\nHost: hub.test\r\nAuthorization: Bearer \(token)\r\n"
        let connection = try LoopbackConnection(port: hub.port)
        try connection.send(head + "\r\n")
        _ = try await connection.receive(until: ": \n\n")
        try await append(hub, .asked, actor: "olga", "fresh")
        let event = try await connection.receive(until: "fresh")
        #expect(event.contains("id: 1\ndata: {\"position\":1,"))
        let later = try LoopbackConnection(port: hub.port)
        try later.send(head + "Last-Event-ID: 0\r\n\r\n")
        #expect(try await later.receive(until: "fresh").contains("id: 1\n"))
        #expect(hub.parts.counters.values.openStreams == 2)
        try await hub.stop()
        #expect(
            try await connection.receiveAll().suffix(5) == Array("0\r\n\r\n".utf8),
            "the stop ends it"
        )
    }

    @Test func `metrics are for loopback, and name nobody`() async throws {
        let dana = try HubPerson("dana")
        let hub = try await RunningHub(people: [dana])
        _ = try await hub.token(of: dana)
        let reply = try await hub.call("GET", "/metrics", host: "127.0.0.1")
        #expect(reply.status == 200 && reply.text.hasSuffix("# EOF\n"))
        #expect(reply.text.contains("jitgate_hub_http_requests_total{code=\"200\"} 2"))
        #expect(reply.text.contains("jitgate_hub_store_up 1") && !reply.text.contains("dana"))
        try await hub.stop()
        let other = try await RunningHub(settings: "metrics_from = [\"203.0.113.0/24\"]")
        #expect(try await other.call("GET", "/metrics").code == "not-allowed")
        try await other.stop()
    }
}

import Attestation
import Depot
import Foundation
import Grants
import HubStorage
import Posture
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Transparency

@testable import Hub

/// The statuses that hosts report, and the posture that they add up to.
struct StatusTests {
    private let folder: TemporaryDirectory
    private let person: HubPerson

    init() throws {
        folder = try TemporaryDirectory()
        person = try HubPerson("dana", "jitgate-login,jitgate-audit")
    }

    private func hub(
        _ lines: [String],
        _ settings: String = "",
        now: @escaping @Sendable () -> Moment = { .wall }
    ) async throws -> RunningHub {
        let path = folder.path + "/hosts"
        try lines.map { $0 + "\n" }.joined().write(
            toFile: path,
            atomically: true,
            encoding: .utf8
        )
        return try await RunningHub(
            people: [person],
            settings: "inventory = \"\(path)\"\n\(settings)",
            in: folder,
            now: now
        )
    }

    private func events(_ hub: RunningHub) async throws -> [String] {
        try await hub.parts.database.read { statements throws(StorageError) in
            try statements.rows(
                "SELECT event, host FROM activity WHERE host IS NOT NULL ORDER BY position",
                []
            ).map { row throws(StorageError) in "\(try row.text(0)) \(try row.text(1))" }
        }
    }

    private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while try await !condition() {
            guard ContinuousClock.now < end else { throw CommandFailure("never: \(what)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func `a status becomes posture, and what it opens a use of the host`() async throws {
        var web = try ReportedHost("web-1")
        let hub = try await hub([web.line + " group=web", "web-2 -", "web-3 retired"])
        let token = try await hub.token(of: person)
        #expect(try await hub.call("GET", "/v1/hosts").code == "login-required")
        #expect(try await hub.call("PUT", "/status/web-1", body: web.note()).status == 204)
        try web.open("0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11", by: "dana")
        #expect(try await hub.call("PUT", "/status/web-1", body: web.note()).status == 204)
        let reply = try await hub.call("GET", "/v1/hosts", token: token)
        let rows = reply.json["hosts"]?.items ?? []
        #expect(
            rows.map { $0["state"]?.text } == ["configured", "not-configured", "retired"],
            "\(reply.text)"
        )
        let row = try #require(rows.first)
        #expect(row["host"]?.text == "web-1" && row["group"]?.text == "web")
        #expect(row["open"]?.number == 1 && row["requests_7d"]?.number == 1)
        #expect(row["last_user"]?.text == "dana" && row["last_use"]?.text != nil)
        #expect(row["checkpoint_size"]?.number == 1 && row["checkpoint_at"]?.text != nil)
        #expect(row["table_ownership"]?.text == "owned" && row["version"]?.text == "0.1.0")
        let host = try await hub.call("GET", "/v1/hosts/web-1", token: token).json
        #expect(host["grants"]?.items?.count == 1 && host["ports"]?.items != nil)
        web.status.grants.open = []
        #expect(try await hub.call("PUT", "/status/web-1", body: web.note()).status == 204)
        #expect(
            try await events(hub) == ["host-first web-1", "opened web-1", "closed web-1"]
        )
        let filtered = try await hub.call("GET", "/v1/hosts?state=retired", token: token)
        #expect(filtered.json["hosts"]?.items?.count == 1)
        let csv = try await hub.call("GET", "/v1/hosts?format=csv&q=web-1", token: token)
        #expect(csv.text.hasPrefix("host,group,state,reason,open,requests_7d,"))
        #expect(csv.text.contains("\r\nweb-1,web,configured,,0,1,dana,"))
        let pages = try await hub.call("GET", "/v1/hosts?limit=2", token: token).json
        let next = try #require(pages["next"]?.text)
        let rest = try await hub.call("GET", "/v1/hosts?limit=2&cursor=\(next)", token: token)
        #expect(rest.json["hosts"]?.items?.count == 1 && rest.json["next"] == .null)
        try await hub.stop()
    }

    @Test func `the note of another host, a forged one and an older one are refused`()
        async throws
    {
        var (web, other) = (try ReportedHost("web-1"), try ReportedHost("web-2", seed: 8))
        let hub = try await hub([web.line, other.line])
        let note = try web.note()
        #expect(try await hub.call("PUT", "/status/web-2", body: note).code == "not-allowed")
        let forger = try ReportedHost("web-1", seed: 9)
        var forged = forger
        #expect(
            try await hub.call("PUT", "/status/web-1", body: forged.note()).code == "not-allowed"
        )
        #expect(
            try await hub.call("PUT", "/status/web-1", body: Array("x".utf8)).code == "not-allowed"
        )
        // Hosts whose names are forged again and again do not fill the log.
        #expect(try await events(hub) == ["host-unverified web-2", "host-unverified web-1"])
        #expect(try await hub.call("PUT", "/status/web-1", body: note).status == 204)
        #expect(try await hub.call("PUT", "/status/web-1", body: note).status == 204, "again")
        web.record("more")
        #expect(try await hub.call("PUT", "/status/web-1", body: web.note()).status == 204)
        #expect(try await hub.call("PUT", "/status/web-1", body: note).code == "not-allowed")
        let long = [UInt8](repeating: 65, count: StatusNote.limit + 1)
        #expect(try await hub.call("PUT", "/status/web-1", body: long).code == "too-large")
        let token = try await hub.token(of: person)
        let kept = try await hub.call("GET", "/status/web-1", token: token)
        #expect(try StatusNote(parsing: kept.body, signedBy: web.key.publicKey).origin != "")
        #expect(try await hub.call("GET", "/status/web-1").code == "login-required")
        try await hub.stop()
    }

    @Test func `a host that signs two logs is forked, in every hub of the store`() async throws {
        var web = try ReportedHost("web-1")
        let hub = try await hub([web.line])
        var other = web
        web.record("one")
        other.record("another one")
        #expect(try await hub.call("PUT", "/status/web-1", body: web.note()).status == 204)
        #expect(try await hub.call("PUT", "/status/web-1", body: other.note()).status == 204)
        let name = try #require(ShelfName("web-1"))
        #expect(await hub.parts.depot.fleet.host(name)?.state == .forked)
        #expect(try await events(hub) == ["host-first web-1", "host-forked web-1"])
        #expect(try await hub.call("PUT", "/status/web-1", body: web.note()).status == 204)
        #expect(await hub.parts.depot.fleet.host(name)?.state == .forked)
        try await hub.stop()
        // A hub that starts knows it from the store.
        let second = try await self.hub([web.line])
        try await eventually("the fork is known") {
            await second.parts.depot.fleet.host(name)?.state == .forked
        }
        try await second.stop()
    }

    @Test func `hosts without a key are unverified, and there is room for so many`() async throws {
        var stranger = try ReportedHost("db-1")
        let hub = try await hub(["web-2 -"])
        #expect(try await hub.call("PUT", "/status/db-1", body: stranger.note()).status == 204)
        #expect(try await hub.call("PUT", "/status/db-1", body: stranger.note()).status == 204)
        #expect(try await events(hub) == ["host-unverified db-1"])
        let name = try #require(ShelfName("db-1"))
        #expect(await hub.parts.depot.fleet.host(name)?.state == .unverified)
        #expect(
            try await hub.call("PUT", "/status/db-2", body: Array("x".utf8)).code == "malformed"
        )
        let proof = try await hub.call("PUT", "/status/db-1.proof", body: Array("x".utf8))
        #expect(proof.code == "not-allowed")
        // With its key in the inventory it is what it says.
        let path = folder.path + "/hosts"
        try "\(stranger.line)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try await eventually("it is configured") {
            await hub.parts.depot.fleet.host(name)?.state == .configured
        }
        try await hub.stop()
    }

    @Test func `a host is silent once, and back`() async throws {
        let time = Mutex(Moment.wall)
        var web = try ReportedHost("web-1")
        let hub = try await hub([web.line], "silent_after = \"1m\"") { time.withLock(\.self) }
        #expect(try await hub.call("PUT", "/status/web-1", body: web.note()).status == 204)
        let name = try #require(ShelfName("web-1"))
        #expect(await hub.parts.depot.fleet.host(name)?.state == .configured)
        time.withLock { $0 = $0 + .seconds(62) }
        await hub.parts.depot.fleet.ring()
        await hub.parts.depot.fleet.ring()
        #expect(await hub.parts.depot.fleet.host(name)?.state == .silent)
        #expect(try await events(hub) == ["host-first web-1", "host-silent web-1"])
        #expect(try await hub.call("PUT", "/status/web-1", body: web.note()).status == 204)
        #expect(await hub.parts.depot.fleet.host(name)?.state == .configured)
        #expect(
            try await events(hub) == [
                "host-first web-1", "host-silent web-1", "host-back web-1",
            ]
        )
        try await hub.stop()
    }

    @Test func `other systems send hosts, and no keys`() async throws {
        let web = try ReportedHost("web-1")
        let token = folder.path + "/token"
        try "s3cret\n".write(toFile: token, atomically: true, encoding: .utf8)
        let hub = try await hub([web.line], "[hosts]\ninventory_token = \"\(token)\"")
        func put(_ text: String, token: String? = "s3cret") async throws -> HubReply {
            try await hub.call(
                "PUT",
                "/v1/inventory/cmdb",
                body: Array(text.utf8),
                type: "text/plain",
                token: token
            )
        }
        #expect(try await put("web-9 -\n", token: nil).code == "login-required")
        #expect(try await put("web-9 -\n", token: "guess").code == "login-required")
        #expect(try await put("web-9 nonsense\n").code == "malformed")
        let key = try ReportedHost("web-9", seed: 9).line
        #expect(try await put(key + "\n").code == "not-allowed")
        #expect(try await put("web-9 -\nweb-1 retired\n").status == 204)
        let session = try await hub.token(of: person)
        try await eventually("the host is there") {
            try await hub.call("GET", "/v1/hosts/web-9", token: session).status == 200
        }
        // What the file says of a host stands before what others say.
        let known = try await hub.call("GET", "/v1/hosts/web-1", token: session).json
        #expect(known["state"]?.text == "silent")
        let lines = try await hub.call("GET", "/v1/inventory", token: session).json
        let sources = lines["inventory"]?.items?.map { $0["source"]?.text ?? "" }
        #expect(sources == ["file", "cmdb", "cmdb"])
        #expect(try await put("").status == 204)
        try await eventually("the host is gone") {
            try await hub.call("GET", "/v1/hosts/web-9", token: session).status == 404
        }
        try await hub.stop()
    }
}

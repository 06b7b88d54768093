import Grants
import HubStorage
import Requests
import Signatures
import StrictJSON
import TestSupport
import Testing

@testable import Hub

@Suite struct `The evidence of a request` {
    private let dana: HubPerson
    private let bob: HubPerson
    private let grant = Grant.request(
        id: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11",
        expires: .wall + .seconds(7200)
    )
    private let path = "/v1/requests/0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11/evidence"

    init() throws {
        dana = try HubPerson("dana", "jitgate-login,jitgate-request")
        bob = try HubPerson("bob", "jitgate-login,jitgate-request,jitgate-grant,jitgate-decision")
    }

    private func ask(_ hub: RunningHub, _ token: String, _ query: String = "") async throws {
        let reply = try await hub.call(
            "POST",
            "/v1/requests" + query,
            body: try dana.sign(grant.payload(), "jitgate-request"),
            type: "application/octet-stream",
            token: token
        )
        #expect(reply.status == 201)
    }

    private func put(
        _ hub: RunningHub,
        _ text: String,
        _ token: String?
    ) async throws -> HubReply {
        try await hub.call("PUT", path, body: Array(text.utf8), type: "text/plain", token: token)
    }

    @Test func `comes from the requestor, is read by approvers, and is shown nowhere else`()
        async throws
    {
        let hub = try await RunningHub(people: [dana, bob])
        let (mine, other) = (try await hub.token(of: dana), try await hub.token(of: bob))
        #expect(try await put(hub, "token", mine).status == 404)
        try await ask(hub, mine, "?evidence=expected")
        let waiting = try await hub.call("GET", path, token: other).json
        #expect(waiting["evidence"] == .null && waiting["expected"] == true)
        #expect(waiting["address"] == "127.0.0.1")
        #expect(try await put(hub, "to-ken.of_a.job", mine).status == 204)
        #expect(try await put(hub, "to-ken.of_a.job2", mine).status == 204)
        #expect(try await put(hub, "of bob", other).code == "not-allowed")
        #expect(try await put(hub, "of nobody", nil).status == 401)
        #expect(
            try await hub.call("GET", path, token: other).json["evidence"] == "to-ken.of_a.job2"
        )
        #expect(try await hub.call("GET", path, token: mine).code == "not-allowed")
        #expect(try await hub.call("GET", path).status == 401)
        let request = String(path.dropLast("/evidence".count))
        for page in [request, request + "/file", "/v1/requests", "/v1/activity"] {
            let reply = try await hub.call("GET", page, token: other)
            #expect(reply.status == 200 && !reply.text.contains("to-ken"), "\(page)")
        }
        try await hub.stop()
    }

    @Test func `is a text within bounds`() async throws {
        let hub = try await RunningHub(people: [dana])
        let token = try await hub.token(of: dana)
        try await ask(hub, token)
        let long = String(repeating: "a", count: Evidence.limit)
        #expect(try await put(hub, long, token).status == 204)
        #expect(try await put(hub, long + "a", token).code == "too-large")
        for text in ["", "a\u{0}b", "a\u{1B}[2J"] {
            #expect(try await put(hub, text, token).code == "malformed", "\(text.debugDescription)")
        }
        let bytes = try await hub.call(
            "PUT",
            path,
            body: [0xFF, 0xFE],
            type: "text/plain",
            token: token
        )
        #expect(bytes.code == "malformed")
        let json = try await hub.call(
            "PUT",
            path,
            body: Array("{}".utf8),
            type: "application/json",
            token: token
        )
        #expect(json.code == "media-type")
        try await hub.stop()
    }

    @Test(arguments: ["deny", "withdraw"])
    func `is gone when the request no longer waits`(decision: String) async throws {
        let hub = try await RunningHub(people: [dana, bob])
        let (mine, other) = (try await hub.token(of: dana), try await hub.token(of: bob))
        try await ask(hub, mine)
        #expect(try await put(hub, "token", mine).status == 204)
        let kind: DecisionDocument.Kind = decision == "deny" ? .deny : .withdraw
        let document = DecisionDocument(
            request: grant.id,
            payloadDigest: FileDigest.sha256(of: grant.payload()),
            decision: kind,
            reason: "no"
        )
        let person = kind == .deny ? bob : dana.with("jitgate-decision")
        let reply = try await hub.call(
            "POST",
            path.replacing("evidence", with: "decisions"),
            body: kind == .deny
                ? try person.sign(document.payload(), "jitgate-decision")
                : Array(#"{"decision": "withdraw", "reason": "no"}"#.utf8),
            type: kind == .deny ? "application/octet-stream" : "application/json",
            token: kind == .deny ? other : mine
        )
        #expect(reply.status == 200)
        #expect(try await hub.call("GET", path, token: other).json["evidence"] == .null)
        #expect(try await put(hub, "token", mine).code == "over")
        let rows = try await hub.parts.database.read { statements throws(StorageError) in
            try statements.rows("SELECT request FROM evidence", [])
        }
        #expect(rows.isEmpty)
        try await hub.stop()
    }
}

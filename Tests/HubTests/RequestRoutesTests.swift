import Grants
import Requests
import Signatures
import StrictJSON
import TestSupport
import Testing

@testable import Hub

@Suite struct `The routes of requests` {
    private static let binary = "application/octet-stream"
    private let dana: HubPerson
    private let bob: HubPerson

    init() throws {
        dana = try HubPerson("dana")
        bob = try HubPerson(
            "bob",
            "jitgate-login,jitgate-grant,jitgate-decision,jitgate-revocation"
        )
    }

    private func grant(_ id: GrantID = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11") -> Grant {
        Grant.request(id: id, expires: .wall + .seconds(7200))
    }

    private func hub() async throws -> RunningHub {
        try await RunningHub(people: [dana, bob])
    }

    @Test func `take a request, an approval and a denial, and answer a repetition alike`()
        async throws
    {
        let hub = try await hub()
        let token = try await hub.token(of: dana)
        let grant = grant()
        let file = try dana.sign(grant.payload(), "jitgate-request")
        let path = "/v1/requests/\(grant.id)"
        for status in [201, 200] {
            let reply = try await hub.call(
                "POST",
                "/v1/requests",
                body: file,
                type: Self.binary,
                token: token
            )
            #expect(reply.status == status)
            #expect(reply.json["id"]?.text == grant.id.description)
            #expect(reply.json["state"] == "pending")
            #expect(reply.json["is_signed"] == true)
            #expect(
                reply.json["outlook"]?.items?.first?["unknown"]
                    == "the inventory has no host of this name"
            )
        }
        let approver = try await hub.token(of: bob)
        let armor = try bob.key.sign(grant.payload(), namespace: "jitgate-grant")
        let signed = try await hub.call(
            "POST",
            path + "/signatures",
            body: armor,
            type: "text/plain",
            token: approver
        )
        #expect(signed.status == 200)
        #expect(signed.json["signatures"]?.items?.map { $0["signer"] } == ["dana", "bob"])
        let whole = try await hub.call("GET", path + "/file", token: token)
        #expect(whole.body == file + armor)
        #expect(whole.headers["content-type"] == Self.binary)
        let decision = DecisionDocument(
            request: grant.id,
            payloadDigest: FileDigest.sha256(of: grant.payload()),
            decision: .deny,
            reason: "not tonight"
        )
        let denial = try bob.sign(decision.payload(), "jitgate-decision")
        for _ in 0..<2 {
            let denied = try await hub.call(
                "POST",
                path + "/decisions",
                body: denial,
                type: Self.binary,
                token: approver
            )
            #expect(denied.status == 200)
            #expect(denied.json["state"] == "denied")
            #expect(denied.json["decision"]?["by"] == "bob")
        }
        let late = try dana.key.sign(grant.payload(), namespace: "jitgate-grant")
        let refused = try await hub.call(
            "POST",
            path + "/signatures",
            body: late,
            type: "text/plain",
            token: token
        )
        #expect(refused.status == 409)
        #expect(refused.code == "decided")
        try await hub.stop()
    }

    @Test func `have the codes of their errors`() async throws {
        let hub = try await hub()
        let token = try await hub.token(of: dana)
        let file = try dana.sign(grant().payload(), "jitgate-request")
        func code(
            _ path: String,
            _ body: [UInt8],
            _ type: String = Self.binary,
            _ token: String?
        ) async throws -> String? {
            try await hub.call("POST", path, body: body, type: type, token: token).code
        }
        #expect(try await code("/v1/requests", file, Self.binary, nil) == "login-required")
        #expect(try await code("/v1/requests", file, "text/plain", token) == "media-type")
        #expect(
            try await code("/v1/requests", grant().payload(), Self.binary, token) == "not-signed"
        )
        for text in [
            "[]", "{", "{\"payload\": 1}", "{\"payload\": \"!\"}", "{\"payload\": \"\", \"x\": 1}",
        ] {
            let body = Array(text.utf8)
            #expect(try await code("/v1/requests", body, "application/json", token) == "malformed")
        }
        _ = try await hub.call("POST", "/v1/requests", body: file, type: Self.binary, token: token)
        let other = Grant.request(sources: ["198.51.100.0/24"], expires: .wall + .seconds(7200))
        let taken = try dana.sign(other.payload(), "jitgate-request")
        #expect(try await code("/v1/requests", taken, Self.binary, token) == "id-taken")
        let unknown = "/v1/requests/11111111-2222-4333-8444-555555555555"
        #expect(try await hub.call("GET", unknown, token: token).code == "not-found")
        #expect(try await hub.call("GET", "/v1/requests/x", token: token).code == "not-found")
        let withdrawal = Array("{\"decision\": \"deny\", \"reason\": \"x\"}".utf8)
        let path = "/v1/requests/\(grant().id)/decisions"
        #expect(try await code(path, withdrawal, "application/json", token) == "malformed")
        let own = Array("{\"decision\": \"withdraw\", \"reason\": \"x\"}".utf8)
        let stranger = try await hub.token(of: bob)
        #expect(try await code(path, own, "application/json", stranger) == "not-allowed")
        let reply = try await hub.call(
            "POST",
            path,
            body: own,
            type: "application/json",
            token: token
        )
        #expect(reply.json["state"] == "withdrawn")
        let asked = JSONValue.object([
            .init("payload", .string(Base64.encode(other.payload())))
        ]).encoded()
        #expect(
            try await code("/v1/requests", asked, "application/json", stranger) == "not-allowed"
        )
        try await hub.stop()
    }

    @Test func `list requests as JSON and CSV, and send files`() async throws {
        let hub = try await hub()
        let token = try await hub.token(of: dana)
        let ids: [GrantID] = [
            "11111111-2222-4333-8444-555555555555", "22222222-2222-4333-8444-555555555555",
        ]
        for id in ids {
            let file = try dana.sign(grant(id).payload(), "jitgate-request")
            _ = try await hub.call(
                "POST",
                "/v1/requests",
                body: file,
                type: Self.binary,
                token: token
            )
        }
        let first = try await hub.call("GET", "/v1/requests?limit=1&mine=true", token: token)
        #expect(first.json["requests"]?.items?.map { $0["id"]?.text } == [ids[1].description])
        let next = try #require(first.json["next"]?.text)
        let rest = try await hub.call("GET", "/v1/requests?cursor=\(next)", token: token)
        #expect(rest.json["requests"]?.items?.map { $0["id"]?.text } == [ids[0].description])
        #expect(rest.json["next"] == .null)
        let table = try await hub.call("GET", "/v1/requests?format=csv", token: token)
        #expect(table.text.split(separator: "\r\n").count == 3)
        #expect(try await hub.call("GET", "/v1/requests?state=x", token: token).code == "malformed")
        #expect(try await hub.call("GET", "/v1/requests?x=1", token: token).code == "malformed")
        let revocation = Revocation(
            hosts: [.name("web-1")],
            reason: "lost laptop",
            selection: RevocationSelection(ids: ids)
        )
        let file = try bob.sign(revocation.payload(), "jitgate-revocation")
        let sent = try await hub.call(
            "POST",
            "/v1/files",
            body: file,
            type: Self.binary,
            token: hub.token(of: bob)
        )
        #expect(sent.json["sha256"]?.text == FileDigest.sha256(of: file))
        #expect(sent.json["shelves"] == ["web-1"])
        let lines = try await hub.parts.database.lines(of: "web-1")
        #expect(lines.map { $0.hasPrefix(FileDigest.sha256(of: file)) } == [true])
        try await hub.stop()
    }
}

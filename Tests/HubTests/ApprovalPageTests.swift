import Grants
import Requests
import StrictJSON
import TestSupport
import Testing

@testable import Hub

@Suite struct `The approval page of a hub` {
    private let dana: HubPerson
    private let bob: HubPerson
    private let grant = Grant.request(
        id: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d12",
        expires: .wall + .seconds(7200)
    )

    init() throws {
        dana = try HubPerson("dana")
        bob = try HubPerson("bob", "jitgate-login,jitgate-grant")
    }

    /// A hub that has the request.
    private func asked() async throws -> RunningHub {
        let hub = try await RunningHub(people: [dana, bob])
        let reply = try await hub.call(
            "POST",
            "/v1/requests",
            body: try dana.sign(grant.payload(), "jitgate-request"),
            type: "application/octet-stream",
            token: try await hub.token(of: dana)
        )
        try #require(reply.status == 201)
        return hub
    }

    private func answer(_ hub: RunningHub, _ members: JSONValue, origin: String?) async throws
        -> HubReply
    {
        try await hub.call(
            "POST",
            "/v1/tasks/\(grant.id)/answer",
            body: members.encoded(),
            type: "application/json",
            headers: origin.map { [("Origin", $0)] } ?? [],
            host: RunningHub.approvalHost
        )
    }

    @Test func `lies on its own host, with its own policy, and nothing else does`() async throws {
        let hub = try await RunningHub(people: [dana])
        for path in ["/", "/enroll"] {
            let page = try await hub.call("GET", path, host: RunningHub.approvalHost)
            #expect(page.status == 200 && page.text.contains("navigator.credentials"))
            let policy = page.headers["content-security-policy"] ?? ""
            #expect(policy.contains("require-trusted-types-for 'script'"))
            #expect(policy.contains("frame-ancestors 'none'"))
            #expect(page.headers["set-cookie"] == nil)
        }
        for path in ["/v1/me", "/v1/login", "/hosts", "/shelves?names=all"] {
            #expect(try await hub.call("GET", path, host: RunningHub.approvalHost).status == 404)
        }
        #expect(try await hub.call("GET", "/v1/tasks/\(grant.id)").status == 404)
        try await hub.stop()
    }

    @Test func `hands out the payload of a request, and takes its signature once it is right`()
        async throws
    {
        let hub = try await asked()
        let path = "/v1/tasks/\(grant.id)"
        let task = try await hub.call("GET", path, host: RunningHub.approvalHost)
        #expect(task.json["task"] == "approve" && task.json["rp"]?.text == RunningHub.approvalHost)
        #expect(task.json["payload"]?.text == Base64.encode(grant.payload()))
        let token = try #require(task.json["answer_token"]?.text)
        let armor = try bob.key.sign(grant.payload(), namespace: "jitgate-grant")
        let other = try bob.key.sign(Array("{}".utf8), namespace: "jitgate-grant")
        let origin = "https://\(RunningHub.approvalHost)"
        let signature = JSONValue.string(String(decoding: armor, as: UTF8.self))
        let right: JSONValue = ["answer_token": .string(token), "signature": signature]
        for foreign in [nil, "https://\(RunningHub.host)", "null"] {
            #expect(try await answer(hub, right, origin: foreign).status == 403)
        }
        let forged: JSONValue = ["answer_token": "AAAA", "signature": signature]
        #expect(try await answer(hub, forged, origin: origin).status == 400)
        let wrong: JSONValue = [
            "answer_token": .string(token),
            "signature": .string(String(decoding: other, as: UTF8.self)),
        ]
        let refused = try await answer(hub, wrong, origin: origin)
        #expect(refused.status >= 400 && refused.json["error"]?.text != nil)
        let taken = try await answer(hub, right, origin: origin)
        #expect(taken.status == 200 && taken.json["message"]?.text != nil)
        let request = try await hub.call(
            "GET",
            "/v1/requests/\(grant.id)",
            token: try await hub.token(of: dana)
        )
        let signers = request.json["signatures"]?.items?.compactMap { $0["signer"]?.text } ?? []
        #expect(signers.contains("bob"))
        try await hub.stop()
    }

    @Test func `knows no other request`() async throws {
        let hub = try await RunningHub(people: [dana])
        for id in ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7dff", "x", "%2e%2e"] {
            let reply = try await hub.call(
                "GET",
                "/v1/tasks/\(id)",
                host: RunningHub.approvalHost
            )
            #expect(reply.status == 404 && reply.json["error"]?.text != nil)
        }
        try await hub.stop()
    }
}

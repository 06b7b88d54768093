import Foundation
import Grants
import HubStorage
import StrictJSON
import Synchronization
import TestSupport
import Testing

@testable import Hub

/// A hub with webhooks, which tells real receivers.
struct WebhookTests {
    private static let auditor = "jitgate-login,jitgate-audit"

    /// A clock that a test moves.
    private final class Clock: Sendable {
        private let time = Mutex<Moment>("2026-12-01T10:00:00Z")

        var now: Moment { time.withLock(\.self) }

        func pass(_ pause: Duration) { time.withLock { $0 = $0 + pause } }
    }

    private func append(
        _ database: any Database,
        _ event: ActivityEvent,
        _ text: String,
        at time: Moment = .wall
    ) async throws {
        try await database.write { statements throws(StorageError) in
            _ = try ActivityRecords(statements: statements)
                .append(ActivityEntry(event, at: time, actor: "olga", text))
        }
    }

    /// Adds an entry to the log of a hub that does not run.
    private func append(in folder: TemporaryDirectory, _ text: String) async throws {
        let database = try await Stores.open("sqlite:\(folder.path)/hub.db", poolSize: 1)
        try await append(database, .hostSilent, text)
        await database.close()
    }

    /// Wakes the workers, as a change of another hub does.
    private func wake(_ hub: RunningHub) async throws {
        try await hub.parts.database.write { statements throws(StorageError) in
            _ = try ChangeRecords(statements: statements).append(.webhook, "")
        }
    }

    private func waiting(_ database: any Database) async throws -> [(id: String, attempts: Int64)] {
        try await database.read { statements throws(StorageError) in
            try statements.rows("SELECT id, attempts FROM delivery ORDER BY number", [])
                .map { row throws(StorageError) in (try row.text(0), try row.integer(1)) }
        }
    }

    private func wait(_ isDone: () async throws -> Bool) async throws {
        while try await !isDone() { try await Task.sleep(for: .milliseconds(20)) }
    }

    @Test func `a request that somebody asks is told to each webhook, signed`() async throws {
        let receiver = try WebhookReceiver(secrets: 2)
        let dana = try HubPerson("dana")
        let hub = try await RunningHub(
            people: [dana],
            settings: receiver.settings("ok") + receiver.settings("flaky")
        )
        let token = try await hub.token(of: dana)
        let payload = Grant.request(expires: .wall + .seconds(7200)).payload()
        let reply = try await hub.call(
            "POST",
            "/v1/requests",
            body: dana.sign(payload, "jitgate-request"),
            type: "application/octet-stream",
            token: token
        )
        #expect(reply.status == 201, "\(reply.text)")
        let messages = try await receiver.messages(2)
        #expect(Set(messages.map(\.path)) == ["/ok", "/flaky"])
        #expect(Set(messages.map(\.id)).count == 2 && messages.allSatisfy { $0.id.count == 36 })
        for message in messages {
            #expect(message.secrets == [0, 1], "by each secret, in their order")
            #expect(message.type == "request.asked")
            let data = try #require(message.body["data"])
            let id = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"
            #expect(data["request"]?.text == id && data["requestor"]?.text == "dana")
            #expect(data["link"]?.text == "https://hub.test/requests/\(id)")
            #expect(data["hub"]?.text == "https://hub.test" && data["actor"]?.text == "dana")
            #expect(data["text"]?.text?.contains("22/tcp of web-1") == true)
            #expect(!"\(message.body)".contains(token))
        }
        try await wait { try await waiting(hub.parts.database).isEmpty }
        let metrics = try await hub.call("GET", "/metrics", host: "127.0.0.1").text
        #expect(
            metrics.contains("jitgate_hub_webhook_attempts_total{result=\"delivered\"} 2"),
            "\(metrics)"
        )
        try await hub.stop()
    }

    @Test
    func `a webhook gets its events alone, in their order, and none from before it was there`()
        async throws
    {
        let folder = try TemporaryDirectory()
        let first = try await RunningHub(in: folder)
        try await append(first.parts.database, .denied, "long ago")
        try await first.stop()
        let receiver = try WebhookReceiver()
        let hub = try await RunningHub(
            settings: receiver.settings("ok", "events = [\"request.denied\", \"host.silent\"]"),
            in: folder
        )
        for number in 0..<5 {
            try await append(hub.parts.database, .asked, "asked \(number)")
            try await append(hub.parts.database, .denied, "denied \(number)")
            try await append(hub.parts.database, .login, "login \(number)")
        }
        try await append(hub.parts.database, .hostSilent, "the last")
        let messages = try await receiver.messages(6)
        #expect(messages.map(\.text) == (0..<5).map { "denied \($0)" } + ["the last"])
        try await hub.stop()
    }

    @Test
    func `a message that fails comes again by the clock, with its id, and then is a dead letter`()
        async throws
    {
        let (receiver, clock) = (try WebhookReceiver(), Clock())
        try receiver.answer(500)
        let audrey = try HubPerson("audrey", Self.auditor)
        let hub = try await RunningHub(
            people: [audrey],
            settings: receiver.settings("flaky", "events = [\"host.silent\"]"),
            now: { clock.now }
        )
        let token = try await hub.token(of: audrey)
        try await append(hub.parts.database, .hostSilent, "<web-1> is silent", at: clock.now)
        for (attempt, pause) in DeliveryRecords.pauses.enumerated() {
            _ = try await receiver.messages(attempt + 1)
            try await wait { try await waiting(hub.parts.database)[0].attempts == attempt + 1 }
            // A moment before its time it is not sent.
            clock.pass(pause + .seconds(-1))
            try await wake(hub)
            try await Task.sleep(for: .milliseconds(100))
            #expect(try receiver.seen().count == attempt + 1)
            clock.pass(.seconds(1))
            try await wake(hub)
        }
        let seen = try await receiver.messages(7)
        #expect(Set(seen.map(\.id)).count == 1 && seen.allSatisfy { $0.secrets == [0] })
        #expect(Set(seen.map(\.timestamp)).count == 7, "each attempt has its own time")
        #expect(Set(seen.map(\.body)).count == 1)
        let path = "/v1/webhooks/dead-letters"
        var letters: [JSONValue] = []
        try await wait {
            letters = try await hub.call("GET", path, token: token).json["letters"]?.items ?? []
            return !letters.isEmpty
        }
        let id = try #require(letters[0]["id"]?.text)
        #expect(id == seen[0].id && letters[0]["attempts"]?.number == 7)
        #expect(letters[0]["error"]?.text == "it answered 500")
        #expect(letters[0]["webhook"]?.text == "flaky" && letters[0]["type"]?.text == "host.silent")
        let metrics = try await hub.call("GET", "/metrics", host: "127.0.0.1").text
        #expect(metrics.contains("jitgate_hub_webhook_deliveries{state=\"dead\"} 1"))
        #expect(metrics.contains("jitgate_hub_webhook_attempts_total{result=\"failed\"} 7"))
        try receiver.answer(200)
        #expect(try await hub.call("POST", "\(path)/\(id)", token: token).status == 204)
        let last = try await receiver.messages(8)[7]
        #expect(last.id == id && last.body == seen[0].body)
        try await wait { try await waiting(hub.parts.database).isEmpty }
        #expect(try await hub.call("POST", "\(path)/\(id)", token: token).status == 404)
        try await hub.stop()
    }

    @Test
    func `dead letters are for jitgate-audit, on the page as well, which sends or discards them`()
        async throws
    {
        let receiver = try WebhookReceiver()
        let (audrey, dana) = (try HubPerson("audrey", Self.auditor), try HubPerson("dana"))
        let hub = try await RunningHub(people: [audrey, dana], settings: receiver.settings("ok"))
        try await hub.parts.database.write { statements throws(StorageError) in
            for number in 1...3 {
                try statements.run(
                    """
                    INSERT INTO delivery (id, number, webhook, type, body, state, attempts, due,
                        claimed_until, error, created)
                    VALUES ($1, $2, 'ok', 'host.silent', $3, 'dead', 7, 0, 0, 'it answered 500', 0)
                    """,
                    [.text("msg_\(number)"), .integer(Int64(number)), .bytes(Array("{}".utf8))]
                )
            }
        }
        let path = "/v1/webhooks/dead-letters"
        let token = try await hub.token(of: audrey)
        let others = try await hub.token(of: dana)
        #expect(try await hub.call("GET", path).status == 401)
        for (method, place) in [
            ("GET", path), ("POST", path + "/msg_1"), ("DELETE", path + "/msg_1"),
        ] {
            #expect(try await hub.call(method, place, token: others).code == "not-allowed")
        }
        let page = try await hub.call("GET", "\(path)?limit=2", token: token).json
        #expect(page["letters"]?.items?.map { $0["id"]?.text } == ["msg_3", "msg_2"])
        let rest = try await hub.call(
            "GET",
            "\(path)?cursor=\(page["next"]?.text ?? "")",
            token: token
        )
        #expect(rest.json["letters"]?.items?.count == 1 && rest.json["next"] == .null)
        for _ in 0..<2 {
            #expect(try await hub.call("DELETE", path + "/msg_1", token: token).status == 204)
        }
        let cookie = try await hub.cookie(of: audrey)
        let html = try await hub.call("GET", "/activity", cookie: cookie).text
        #expect(html.contains("msg_3") && html.contains("Send again") && !html.contains("msg_1"))
        let mark = "name=\"form_token\" value=\""
        let form =
            html.components(separatedBy: mark).last?.components(separatedBy: "\"").first ?? ""
        func send(_ fields: String, by cookie: String) async throws -> Int {
            try await hub.call(
                "POST",
                "/activity/dead-letters/msg_2",
                body: Array(fields.utf8),
                type: "application/x-www-form-urlencoded",
                cookie: cookie,
                headers: [("Sec-Fetch-Site", "same-origin")]
            ).status
        }
        #expect(try await send("action=send", by: cookie) == 403, "without the token of forms")
        #expect(try await send("action=burn&form_token=\(form)", by: cookie) == 400)
        #expect(try receiver.seen().isEmpty)
        #expect(try await send("action=send&form_token=\(form)", by: cookie) == 303)
        #expect(try await receiver.messages(1)[0].id == "msg_2")
        try await hub.stop()
    }

    @Test func `a slow webhook holds up no other, nor the end of the hub`() async throws {
        let receiver = try WebhookReceiver()
        let hub = try await RunningHub(
            settings: receiver.settings("slow") + receiver.settings("ok")
        )
        for number in 0..<3 { try await append(hub.parts.database, .asked, "\(number)") }
        let seen = try await receiver.messages(4)
        #expect(seen.count { $0.path == "/ok" } == 3)
        try await hub.stop()
        let store = "sqlite:\(hub.folder.path)/hub.db"
        let database = try await Stores.open(store, poolSize: 1)
        let left = try await waiting(database)
        #expect(left.count == 3 && left.allSatisfy { $0.attempts == 0 }, "none failed by the stop")
        let claims = try await database.read { statements throws(StorageError) in
            try statements.rows("SELECT SUM(claimed_until) FROM delivery", [])
                .first?.integer(0)
        }
        #expect(claims == 0, "none is claimed any more")
        await database.close()
    }

    @Test func `two hubs over one store send each message once`() async throws {
        let receiver = try WebhookReceiver()
        let folder = try TemporaryDirectory()
        let first = try await RunningHub(settings: receiver.settings("ok"), in: folder)
        let second = try await RunningHub(settings: receiver.settings("ok"), in: folder)
        for number in 0..<30 {
            let hub = number.isMultiple(of: 2) ? first : second
            try await append(hub.parts.database, .asked, "\(number)")
        }
        _ = try await receiver.messages(30)
        try await wait { try await waiting(first.parts.database).isEmpty }
        try await first.stop()
        try await second.stop()
        let texts = try receiver.seen().compactMap(\.text)
        #expect(texts.count == 30 && Set(texts).count == 30)
    }

    @Test func `what a hub had not sent when it was killed is sent by the next one, with its id`()
        async throws
    {
        let receiver = try WebhookReceiver()
        let (folder, clock) = (receiver.folder, Clock())
        try receiver.answer(503)
        let settings = """
            url = "https://hub.test"
            listen = "unix:\(folder.path)/http"
            store = "sqlite:\(folder.path)/hub.db"
            state = "\(folder.path)"
            allowed_signers = "\(folder.path)/allowed_signers"
            \(receiver.settings("flaky", "events = [\"host.silent\"]"))\(receiver.settings("slow"))
            """
        try settings.write(toFile: folder.path + "/hub.toml", atomically: true, encoding: .utf8)
        let hooks =
            receiver.settings("flaky", "events = [\"host.silent\"]") + receiver.settings("slow")
        // The first start with webhooks is where their events begin.
        try await RunningHub(settings: hooks, in: folder).stop()
        try await append(in: folder, "before the kill")
        let process = Process()
        process.executableURL = URL(filePath: AgentHost.build + "jitgate-hub")
        process.arguments = ["--config", folder.path + "/hub.toml"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { process.end() }
        // One fails, the other is under way.
        let before = try await receiver.messages(2)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try await append(in: folder, "while none runs")
        try receiver.answer(200)
        clock.pass(.seconds(3600) + (Moment.wall - clock.now))
        let hub = try await RunningHub(settings: hooks, in: folder, now: { clock.now })
        try await wait {
            let after = try receiver.seen().dropFirst(2)
            return after.count { $0.path == "/flaky" } == 2 && after.contains { $0.path == "/slow" }
        }
        let after = try receiver.seen().dropFirst(2)
        for message in before {
            let again = try #require(after.first { $0.path == message.path })
            #expect(again.id == message.id && again.body == message.body)
        }
        #expect(after.last { $0.path == "/flaky" }?.text == "while none runs")
        try await hub.stop()
    }

    @Test func `a hub does not start without the secret of a webhook`() async throws {
        let missing = "[[webhook]]\nname = \"a\"\nurl = \"https://b\"\nsecret_file = \"/no/such\"\n"
        await #expect(throws: HubFailure.self) { try await RunningHub(settings: missing) }
        let key = Base64.encode(Secret.random(24))
        let long = Base64.encode(Secret.random(65))
        for text in [
            "", "\n\n", "secret", key, "whsec_", "whsec_YWJj", "whsec_\(long)", "WHSEC_\(key)",
        ] {
            #expect(throws: WebhookSecrets.Problem.self, "\(text)") {
                try WebhookSecrets(parsing: Array(text.utf8))
            }
        }
        for text in ["whsec_\(key)", "whsec_\(key)\n", " whsec_\(key) \r\n\nwhsec_\(key)\n"] {
            _ = try WebhookSecrets(parsing: Array(text.utf8))
        }
    }

    /// The example of the specification's own libraries.
    @Test func `a signature is that of the specification`() throws {
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let secrets = try WebhookSecrets(parsing: Array(text.utf8))
        let signature = secrets.signature(
            of: Array(#"{"test": 2432232314}"#.utf8),
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }
}

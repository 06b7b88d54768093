import Depot
import Grants
import HubStorage
import StrictJSON
import TestSupport
import Testing

@testable import Hub
@testable import HubSettings

/// The messages in the store, with both engines, and what receivers make of single ones.
struct WebhookRecordTests {
    enum Engine: CaseIterable {
        case sqlite, postgres
    }

    /// A store of an engine with webhooks, and a moment.
    private final class Scene: Sendable {
        private let folder: TemporaryDirectory
        private let server: PostgresServer?
        let database: any Database
        let configuration: HubConfiguration
        let now: Moment = "2026-12-01T10:00:00Z"

        init(_ engine: Engine, _ webhooks: [Webhook] = [Scene.webhook("a"), Scene.webhook("b")])
            async throws
        {
            folder = try TemporaryDirectory()
            server = engine == .postgres ? try PostgresServer() : nil
            let url = try server?.createDatabase("hub") ?? "sqlite:\(folder.path)/hub.db"
            database = try await Stores.open(url, poolSize: 2)
            var configuration = HubConfiguration()
            configuration.places.url = "https://hub.test"
            configuration.webhooks = webhooks
            self.configuration = configuration
            try await outbox { outbox throws(StorageError) in try outbox.begin() }
        }

        static func webhook(_ name: String, format: Webhook.Format = .standard) -> Webhook {
            Webhook(
                name: name,
                url: "https://\(name).test",
                secretFile: nil,
                events: WebhookEvent.allCases,
                format: format
            )
        }

        @discardableResult
        func outbox<Value: Sendable>(
            _ body: @escaping @Sendable (WebhookOutbox) throws(StorageError) -> Value
        ) async throws -> Value {
            let (configuration, now) = (configuration, now)
            return try await database.write { statements throws(StorageError) in
                try body(
                    WebhookOutbox(statements: statements, configuration: configuration, now: now)
                )
            }
        }

        @discardableResult
        func records<Value: Sendable>(
            _ body: @escaping @Sendable (DeliveryRecords) throws(StorageError) -> Value
        ) async throws -> Value {
            try await database.write { statements throws(StorageError) in
                try body(DeliveryRecords(statements: statements))
            }
        }

        func append(_ entry: ActivityEntry) async throws {
            try await database.write { statements throws(StorageError) in
                _ = try ActivityRecords(statements: statements).append(entry)
            }
        }

        func bodies(of webhook: String = "a") async throws -> [JSONValue] {
            let rows = try await database.read { statements throws(StorageError) in
                try statements.rows(
                    "SELECT body FROM delivery WHERE webhook = $1 ORDER BY number",
                    [.text(webhook)]
                )
            }
            return try rows.map { try JSONNode.parse($0.bytes(0)).value }
        }

        func fill() async throws {
            while try await outbox({ outbox throws(StorageError) in try outbox.fill() }) {}
        }
    }

    @Test(arguments: Engine.allCases)
    func `each entry is told once to each webhook, however often and by whom it is tried`(
        engine: Engine
    ) async throws {
        let scene = try await Scene(engine)
        for number in 0..<(WebhookOutbox.batch + 20) {
            try await scene.append(.init(.asked, at: scene.now, "\(number)"))
        }
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await scene.fill() } }
        }
        try await scene.fill()
        for webhook in ["a", "b"] {
            let texts = try await scene.bodies(of: webhook).map { $0["data"]?["text"]?.text }
            #expect(texts == (0..<(WebhookOutbox.batch + 20)).map { "\($0)" })
        }
        await scene.database.close()
    }

    @Test(arguments: Engine.allCases)
    func `a message is claimed by one hub, until its claim ends`(engine: Engine) async throws {
        let scene = try await Scene(engine, [Scene.webhook("a")])
        let now = scene.now
        try await scene.append(.init(.asked, at: now, "one"))
        try await scene.fill()
        @Sendable func claim(_ moment: Moment) async throws -> Delivery? {
            try await scene.records { records throws(StorageError) in
                try records.claim(for: "a", at: moment)
            }
        }
        let first = try #require(try await claim(now))
        #expect(try await claim(now) == nil, "another hub gets nothing")
        let next = try await scene.records { records throws(StorageError) in
            try records.next(for: "a")
        }
        #expect(next == now + DeliveryRecords.claim)
        let second = try #require(try await claim(now + DeliveryRecords.claim))
        #expect(second == first)
        // The hub whose claim has ended comes back late: the failure counts once.
        for _ in 0..<2 {
            try await scene.records { records throws(StorageError) in
                _ = try records.fail(first, "no", at: now)
            }
        }
        let third = try #require(try await claim(now + .seconds(5)))
        #expect(third.attempts == 1 && third.id == first.id)
        try await scene.records { records throws(StorageError) in try records.remove(third) }
        #expect(try await claim(now + .seconds(90_000)) == nil)
        await scene.database.close()
    }

    @Test(arguments: Engine.allCases)
    func `what a host opened is told before it ends, but not if it ended early`(engine: Engine)
        async throws
    {
        let scene = try await Scene(engine, [Scene.webhook("a")])
        let now = scene.now
        let ids = ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11", "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d12"]
        for (id, length) in zip(ids, [3600, 300] as [Int64]) {
            try await scene.database.write { statements throws(StorageError) in
                try statements.run(
                    """
                    INSERT INTO opening (host, grant_id, requestor, opened, deadline, closed)
                    VALUES ('web-1', $1, 'dana', $2, $3, NULL)
                    """,
                    [.text(id), .moment(now), .moment(now + .seconds(length))]
                )
            }
            try await scene.append(
                .init(.opened, at: now, request: id, host: "web-1", actor: "dana", "open")
            )
        }
        try await scene.fill()
        let bodies = try await scene.bodies()
        let types = bodies.map { $0["type"]?.text }
        #expect(types == ["request.opened", "request.ends-soon", "request.opened"])
        #expect(bodies[1]["timestamp"]?.text == (now + .seconds(3000)).description)
        #expect(bodies[1]["data"]?["deadline"]?.text == (now + .seconds(3600)).description)
        #expect(bodies[1]["data"]?["requestor"]?.text == "dana")
        #expect(bodies[1]["data"]?["link"]?.text == "https://hub.test/hosts/web-1")
        for _ in 0..<2 {
            _ = try await scene.records { records throws(StorageError) in
                guard let delivery = try records.claim(for: "a", at: now) else { return }
                try records.remove(delivery)
            }
        }
        let next = try await scene.records { records throws(StorageError) in
            try records.next(for: "a")
        }
        #expect(next == now + .seconds(3000))
        let late = try await scene.records { records throws(StorageError) in
            try records.claim(for: "a", at: now + .seconds(3600))
        }
        #expect(late == nil, "it is of no use after the deadline")
        try await scene.append(.init(.opened, at: now, request: ids[0], host: "web-1", "again"))
        try await scene.append(.init(.closed, at: now, request: ids[0], host: "web-1", "revoked"))
        try await scene.fill()
        let last = try await scene.bodies()
        #expect(last.map { $0["type"]?.text } == ["request.opened", "request.ended"])
        #expect(last[1]["data"]?["how"]?.text == "closed")
        await scene.database.close()
    }

    @Test func `only an approval is told as one`() async throws {
        let scene = try await Scene(.sqlite, [Scene.webhook("a")])
        let id = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"
        for (signer, namespace) in [("olga", "jitgate-grant"), ("dana", "jitgate-request")] {
            let now = scene.now
            try await scene.database.write { statements throws(StorageError) in
                try statements.run(
                    """
                    INSERT INTO signature (request, sha256, armor, namespace, signer, key, added)
                    VALUES ($1, $2, $3, $4, $2, 'SHA256:x', $5)
                    """,
                    [.text(id), .text(signer), .bytes([]), .text(namespace), .moment(now)]
                )
            }
            try await scene.append(
                .init(.signed, at: now, request: id, actor: signer, "\(signer) signed")
            )
        }
        for event in [ActivityEvent.hostUnverified, .login, .started, .bulletin, .hostBack] {
            try await scene.append(.init(event, at: scene.now, "nobody needs to know"))
        }
        try await scene.fill()
        let bodies = try await scene.bodies()
        #expect(bodies.map { $0["type"]?.text } == ["request.approved"])
        #expect(bodies[0]["data"]?["actor"]?.text == "olga")
        await scene.database.close()
    }

    @Test func `nobody's words are a link or a call in Slack's format`() async throws {
        let scene = try await Scene(.sqlite, [Scene.webhook("a", format: .slack)])
        try await scene.append(
            .init(.denied, at: scene.now, host: "web-1", "<!channel> & <https://x|y>")
        )
        try await scene.fill()
        let text = try await scene.bodies().first?["text"]?.text
        #expect(
            text == "request.denied: &lt;!channel&gt; &amp; &lt;https://x|y&gt;"
                + "\n<https://hub.test/hosts/web-1>"
        )
        await scene.database.close()
    }

    @Test func `what waits for a webhook that is gone is a dead letter, and can be sent again`()
        async throws
    {
        let scene = try await Scene(.sqlite)
        try await scene.append(.init(.asked, at: scene.now, "one"))
        try await scene.fill()
        var without = scene.configuration
        without.webhooks.removeLast()
        let (configuration, now) = (without, scene.now)
        try await scene.database.write { statements throws(StorageError) in
            try WebhookOutbox(statements: statements, configuration: configuration, now: now)
                .begin()
        }
        let dead = try await scene.records { records throws(StorageError) in
            try records.dead(before: nil, limit: 9)
        }
        #expect(dead.map(\.webhook) == ["b"])
        let isThere = try await scene.records { records throws(StorageError) in
            try records.revive(dead[0].id, at: now)
        }
        let again = try await scene.records { records throws(StorageError) in
            try records.claim(for: "b", at: now)
        }
        #expect(isThere && again?.id == dead[0].id)
        await scene.database.close()
    }

    @Test(arguments: [
        ("ok", WebhookSender.Outcome.delivered), ("endless", .delivered),
        ("redirect", .failed("it answered 302, and no redirect is followed")),
        ("flaky", .failed("it answered 410")),
        ("heads", .failed("the head of its answer is too long")),
    ])
    func `an answer is judged by its status, whatever follows`(
        path: String,
        outcome: WebhookSender.Outcome
    ) async throws {
        let receiver = try WebhookReceiver()
        try receiver.answer(410)
        let sender = WebhookSender(receiver.webhook(path), stoppingAt: try StopPipe())
        let delivery = Delivery(id: "msg_1", type: "t", body: Array("{}".utf8), attempts: 0)
        #expect(await sender.send(delivery, at: .wall) == outcome)
        #expect(try receiver.seen().map(\.path) == ["/\(path)"], "no redirect is followed")
    }

    @Test(arguments: ["closed", "garbage", "slow"])
    func `what is no answer is a failure`(path: String) async throws {
        let receiver = try WebhookReceiver()
        let sender = WebhookSender(receiver.webhook(path), stoppingAt: try StopPipe())
        let delivery = Delivery(id: "msg_1", type: "t", body: Array("{}".utf8), attempts: 0)
        guard case .failed = await sender.send(delivery, at: .wall) else {
            Issue.record("\(path) is no failure")
            return
        }
    }
}

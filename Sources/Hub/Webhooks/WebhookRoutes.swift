import Grants
import HubPages
import HubStorage
import Hummingbird
import StrictJSON

/// The messages that were given up, for people with jitgate-audit (docs/PROTOCOL.hub, section 10).
struct WebhookRoutes: HubRoutes {
    private static let columns = ["id", "webhook", "type", "attempts", "error", "created"]

    let parts: HubParts

    func add(to router: Router<HubContext>) {
        let path: RouterPath = "/v1/webhooks/dead-letters"
        router.get(path) { request, context in try await list(request, context) }
        router.post("/v1/webhooks/dead-letters/:id") { _, context in
            _ = try context.caller(may: .audit)
            try await DeadLetters(parts: parts).send(try context.part("id"))
            return HubAnswer.empty()
        }
        router.delete("/v1/webhooks/dead-letters/:id") { _, context in
            _ = try context.caller(may: .audit)
            try await DeadLetters(parts: parts).discard(try context.part("id"))
            return HubAnswer.empty()
        }
    }

    private func list(_ request: Request, _ context: HubContext) async throws -> Response {
        _ = try context.caller(may: .audit)
        let query = try ListQuery(request, known: [])
        let (cursor, limit) = (try query.cursor, try query.limit)
        let letters = try await DeadLetters(parts: parts).list(before: cursor, limit: limit)
        if try query.wantsCSV { return CSVRows.answer(Self.columns, letters.map(\.cells)) }
        let next = letters.count < limit ? nil : letters.last.map { String($0.number) }
        return HubAnswer.json([
            "letters": .array(letters.map(\.json)), "next": .optional(next),
        ])
    }
}

/// The forms of the page of activity about messages that were given up.
struct DeadLetterForms: HubRoutes {
    let desk: PageDesk

    func add(to router: Router<HubContext>) {
        router.post("/activity/dead-letters/:id") { request, context in
            await desk.form(request, context) { form, _ in
                _ = try context.caller(may: .audit)
                let (letters, id) = (DeadLetters(parts: desk.parts), try context.part("id"))
                switch form["action"] {
                case "send": try await letters.send(id)
                case "discard": try await letters.discard(id)
                default: throw HubError(.malformed, "action is send or discard", "use the page")
                }
                return PageLink("activity")
            }
        }
    }
}

/// The use cases of messages that were given up.
struct DeadLetters: Sendable {
    let parts: HubParts

    /// The newest, those before a place in the order.
    func list(before number: Int64?, limit: Int) async throws(StorageError) -> [DeadLetter] {
        try await parts.database.read { statements throws(StorageError) in
            try DeliveryRecords(statements: statements).dead(before: number, limit: limit)
        }
    }

    /// Sends one again.
    func send(_ id: String) async throws {
        let moment = parts.now()
        let isThere = try await parts.database.write { statements throws(StorageError) in
            try DeliveryRecords(statements: statements).revive(id, at: moment)
        }
        guard isThere else {
            throw HubError(.notFound, "there is no such message", "it may have been sent since")
        }
    }

    /// Forgets one.
    func discard(_ id: String) async throws {
        try await parts.database.write { statements throws(StorageError) in
            try DeliveryRecords(statements: statements).discard(id)
        }
    }
}

extension DeadLetter {
    fileprivate var cells: [String] {
        [id, webhook, type, String(attempts), error, created.description]
    }

    fileprivate var json: JSONValue {
        [
            "id": .string(id), "webhook": .string(webhook), "type": .string(type),
            "attempts": .integer(attempts), "error": .string(error),
            "created": .string(created.description),
        ]
    }

    /// The message as the page of activity shows it.
    var view: ActivityPage.DeadLetter {
        ActivityPage.DeadLetter(
            id: id,
            webhook: webhook,
            type: type,
            attempts: attempts,
            error: error,
            created: created
        )
    }
}

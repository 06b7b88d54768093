import HTTPTypes
import HubStorage
import Hummingbird
import HummingbirdCore
import NIOCore
import Transparency

/// GET /v1/events: the log as server-sent events.
struct EventRoutes: HubRoutes {
    /// The most streams of all people.
    static let limit = 1000
    private static let lastEvent = HTTPField.Name("Last-Event-ID")

    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.get("/v1/events") { request, context in try await events(request, context) }
    }

    private func events(_ request: Request, _ context: HubContext) async throws -> Response {
        let person = try context.caller(may: .login)
        let after = try Self.lastEvent(of: request)
        guard let slot = StreamSlot(parts.counters, limit: Self.limit) else {
            var error = HubError(
                .tooMany,
                "\(Self.limit) event streams are open",
                "try again later"
            )
            error.retryAfter = 30
            throw error
        }
        // From before the first read on, so that nothing falls between it and the news.
        let stream = EventStream(parts: parts, person: person, news: parts.activity.listen())
        let body = ResponseBody { writer in
            defer { slot.keep() }
            var output = writer
            try? await request.body.consumeWithCancellationOnInboundClose { _ in
                try await stream.write(after: after, to: &output)
            }
            try await output.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/event-stream"], body: body)
    }

    private static func lastEvent(of request: Request) throws(HubError) -> Int64? {
        guard let text = lastEvent.flatMap({ request.headers[$0] }) else { return nil }
        guard let position = Int64(text), position >= -1 else {
            throw HubError(.malformed, "Last-Event-ID is no position", "leave it out")
        }
        return position
    }
}

/// The place of an open stream among all; free again with the value, also if nothing was ever sent.
private final class StreamSlot: Sendable {
    private let counters: HubCounters

    init?(_ counters: HubCounters, limit: Int) {
        guard counters.openStream(limit: limit) else { return nil }
        self.counters = counters
    }

    deinit { counters.closeStream() }

    /// Keeps the place until here.
    func keep() {}
}

/// One stream of events to one person.
private struct EventStream: Sendable {
    private static let batch = 500

    let parts: HubParts
    let person: Person
    let news: AsyncStream<StoredActivity>

    /// Writes the entries after a position, and then new ones as they come.
    @concurrent
    func write(after start: Int64?, to writer: inout any ResponseBodyWriter) async throws {
        let end = try await parts.database.read { statements throws(StorageError) in
            Int64(try ActivityRecords(statements: statements).tree().size) - 1
        }
        // The head goes out with it, so that the reader knows that it is connected.
        try await writer.write(ByteBuffer(string: ": \n\n"))
        var position = start
        while let after = position {
            let query = ActivityQuery(after: after, limit: Self.batch)
            let entries = try await parts.database.read { statements throws(StorageError) in
                try query.entries(in: statements)
            }
            for entry in entries { try await write(entry, to: &writer) }
            guard let last = entries.last else { break }
            position = last.position
        }
        // Without data it is no event to the reader, who knows by it where to go on.
        try await writer.write(ByteBuffer(string: "id: \(position ?? end)\n\n"))
        for await entry in news where entry.position > position ?? end {
            guard isStillAllowed else { return }
            try await write(entry, to: &writer)
        }
    }

    /// True as long as the person's line is there; the end of the session is that of the next call.
    private var isStillAllowed: Bool {
        guard person.login != .proxy else { return true }
        let permissions = parts.people.permissions(
            of: person.name,
            key: person.key,
            at: parts.now()
        )
        return permissions?.contains(.login) ?? false
    }

    @concurrent
    private func write(
        _ entry: StoredActivity,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        guard entry.isVisible(to: person) || entry.concernsApprovers && person.may(.grant) else {
            return
        }
        var buffer = ByteBuffer(string: "id: \(entry.position)\ndata: ")
        buffer.writeBytes(entry.record)
        buffer.writeString("\n\n")
        try await writer.write(buffer)
    }
}

import HubStorage
import Logging
import ServiceLifecycle
import Synchronization
import Transparency

/// The one reader of new entries of the log, which feeds all event streams.
final class ActivityFeed: Service {
    /// The entries that a listener may be behind; one further behind is cut off, and comes back.
    private static let backlog = 256
    private static let batch = 1000

    private struct State {
        var listeners: [Int: AsyncStream<StoredActivity>.Continuation] = [:]
        var next = 0
        var isOver = false
    }

    private let database: any Database
    private let changes: ChangeFeed
    private let logger: Logger
    private let state = Mutex(State())

    init(_ database: any Database, _ changes: ChangeFeed, logger: Logger) {
        (self.database, self.changes, self.logger) = (database, changes, logger)
    }

    /// New entries from now on, until the hub stops or the listener falls behind.
    func listen() -> AsyncStream<StoredActivity> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: StoredActivity.self,
            bufferingPolicy: .bufferingOldest(Self.backlog)
        )
        let id = state.withLock { state -> Int? in
            guard !state.isOver else { return nil }
            state.next += 1
            state.listeners[state.next] = continuation
            return state.next
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.forget(id) }
        return stream
    }

    /// Reads after each change of the log, until the hub stops.
    func run() async throws {
        let listener = changes.listen()
        var position = try await last()
        for await news in listener.news.cancelOnGracefulShutdown() where Self.isOfLog(news) {
            position = await feed(after: position)
        }
        end()
    }

    private static func isOfLog(_ news: ChangeFeed.News) -> Bool {
        guard case .changes(let changes) = news else { return true }
        return changes.contains { $0.topic == .activity }
    }

    private func last() async throws -> Int64 {
        try await database.read { statements throws(StorageError) in
            Int64(try ActivityRecords(statements: statements).tree().size) - 1
        }
    }

    private func feed(after position: Int64) async -> Int64 {
        var position = position
        while true {
            let query = ActivityQuery(after: position, limit: Self.batch)
            do throws(StorageError) {
                let entries = try await database.read { statements throws(StorageError) in
                    try query.entries(in: statements)
                }
                for entry in entries { tell(entry) }
                position = entries.last?.position ?? position
                if entries.count < Self.batch { return position }
            } catch {
                logger.error("the log was not read", metadata: ["reason": "\(error)"])
                return position
            }
        }
    }

    private func tell(_ entry: StoredActivity) {
        for (id, listener) in state.withLock({ $0.listeners }) {
            if case .dropped = listener.yield(entry) { forget(id) }
        }
    }

    private func forget(_ id: Int) {
        let listener = state.withLock { $0.listeners.removeValue(forKey: id) }
        listener?.finish()
    }

    private func end() {
        let listeners = state.withLock { state in
            state.isOver = true
            defer { state.listeners = [:] }
            return state.listeners
        }
        for (_, listener) in listeners { listener.finish() }
    }
}

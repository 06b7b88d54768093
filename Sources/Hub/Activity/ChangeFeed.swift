import HubStorage
import Logging
import ServiceLifecycle
import Synchronization

/// The one reader of changes, which tells all who wait: long polls, event streams, webhooks.
final class ChangeFeed: Service {
    /// News of the store.
    enum News: Hashable, Sendable {
        case changes([Change])
        /// Changes were missed: all may have changed.
        case everything
    }

    /// A number of who listens; the stream ends when the hub stops.
    struct Listener: Sendable {
        let id: Int
        let news: AsyncStream<News>
    }

    private struct State {
        var listeners: [Int: AsyncStream<News>.Continuation] = [:]
        var next = 0
        var isOver = false
    }

    /// The news that a listener may be behind before it is told that all may have changed.
    private static let backlog = 64

    private let database: any Database
    private let logger: Logger
    private let state = Mutex(State())

    init(_ database: any Database, logger: Logger) {
        (self.database, self.logger) = (database, logger)
    }

    /// The number of listeners.
    var count: Int { state.withLock { $0.listeners.count } }

    /// Begins to listen; what is committed from now on will be told.
    func listen() -> Listener {
        let (stream, continuation) = AsyncStream.makeStream(
            of: News.self,
            bufferingPolicy: .bufferingNewest(Self.backlog)
        )
        let id = state.withLock { state in
            state.next += 1
            if !state.isOver { state.listeners[state.next] = continuation }
            return state.isOver ? 0 : state.next
        }
        if id == 0 { continuation.finish() }
        continuation.onTermination = { [weak self] _ in self?.forget(id) }
        return Listener(id: id, news: stream)
    }

    /// Ends a listener's stream.
    func forget(_ id: Int) {
        let listener = state.withLock { $0.listeners.removeValue(forKey: id) }
        listener?.finish()
    }

    /// Reads after each hint, until the hub stops.
    func run() async throws {
        var position = try await lastPosition()
        tell(.everything)
        for await _ in database.hints().cancelOnGracefulShutdown() {
            position = await read(after: position)
        }
        end()
    }

    private func lastPosition() async throws -> Int64 {
        try await database.read { statements throws(StorageError) in
            try ChangeRecords(statements: statements).last()
        }
    }

    private func read(after position: Int64) async -> Int64 {
        do throws(StorageError) {
            let (changes, last) = try await database.read { statements throws(StorageError) in
                let records = ChangeRecords(statements: statements)
                return (try records.changes(after: position), try records.last())
            }
            if changes?.isEmpty ?? false { return position }
            tell(changes.map(News.changes) ?? .everything)
            return last
        } catch {
            logger.error("the store was not read", metadata: ["reason": "\(error)"])
            return position
        }
    }

    private func tell(_ news: News) {
        let listeners = state.withLock { $0.listeners }
        for (_, listener) in listeners {
            if case .dropped = listener.yield(news) { listener.yield(.everything) }
        }
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

/// The store in a database of PostgreSQL, for any number of hubs.
final class PostgresDatabase: Database {
    private let writers: PostgresPool
    private let readers: PostgresPool
    private let broadcast = HintBroadcast()
    private let listener: PostgresListener

    /// Connects and migrates.
    static func open(
        _ url: String,
        poolSize: Int,
        _ bounds: PostgresBounds = PostgresBounds()
    ) async throws(StorageError) -> any Database {
        let database = PostgresDatabase(url, poolSize, bounds)
        do {
            try await Schema.migrate(database, of: .postgres)
        } catch {
            await database.end()
            throw error
        }
        database.listener.start()
        return database
    }

    private init(_ url: String, _ poolSize: Int, _ bounds: PostgresBounds) {
        // Writers take turns, also those of one hub, so that they do not hold the connections of readers.
        writers = PostgresPool(url, size: 1, bounds)
        readers = PostgresPool(url, size: max(1, poolSize - 1), bounds)
        listener = PostgresListener(url, bounds, broadcast)
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await readers.run(.read, body)
    }

    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await writers.run(.write, body)
    }

    func hints() -> AsyncStream<Void> { broadcast.stream() }

    func backup(to path: String) async throws(StorageError) {
        throw .unavailable("pg_dump copies a store of PostgreSQL, also while hubs write to it")
    }

    func close() async {
        await end()
        broadcast.finish()
    }

    private func end() async {
        await writers.close()
        await readers.close()
        await listener.end()
    }
}

import Dispatch
import GRDB
import Synchronization

/// The store in a file of SQLite, for one hub.
final class SQLiteDatabase: Database {
    private let pool: DatabasePool
    private let file: String
    private let broadcast = HintBroadcast()
    /// The last position of `change` that hints were sent for.
    private let lastChange = Mutex<Int64?>(nil)

    /// Opens a file, which is made if there is none, and migrates it.
    static func open(
        _ path: String,
        poolSize: Int
    ) async throws(StorageError) -> any Database {
        let database = try await onThread { () throws(StorageError) in
            try SQLiteDatabase(path, poolSize: poolSize)
        }
        try await Schema.migrate(database, of: .sqlite)
        return database
    }

    private init(_ path: String, poolSize: Int) throws(StorageError) {
        guard !path.isEmpty else { throw .unavailable("its URL has no path after sqlite:") }
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration(poolSize))
            // GRDB lowers it to NORMAL, with which a power cut undoes what was acknowledged.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            file = try pool.read { try SQLiteFile.check($0, path) }
        } catch {
            throw StorageError(sqlite: error)
        }
        SharedHints.join(broadcast, file: file)
    }

    private static func configuration(_ poolSize: Int) -> Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = max(1, poolSize - 1)
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        // LIKE as PostgreSQL has it.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA case_sensitive_like = ON") }
        return configuration
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            pool.asyncRead { connection in
                let result = connection.mapError(StorageError.init(sqlite:))
                    .flatMap { connection in
                        Result { () throws(StorageError) in
                            try SQLiteStatements.finishing(connection, body)
                        }
                    }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { connection in
                let result = Result { () throws(StorageError) in
                    try self.commit(connection, body)
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// One transaction, and hints after it if it wrote a row of `change`.
    private func commit<Value: Sendable>(
        _ connection: GRDB.Database,
        _ body: (any Statements) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        var outcome: (value: Value, change: Int64?)?
        do {
            try connection.inTransaction(.immediate) {
                let value = try SQLiteStatements.finishing(connection, body)
                let sql = "SELECT max(position) FROM change"
                outcome = (value, try Int64.fetchOne(try connection.cachedStatement(sql: sql)))
                return .commit
            }
        } catch {
            throw StorageError(sqlite: error)
        }
        guard let outcome else { throw .broken("the transaction had no end") }
        tell(of: outcome.change)
        return outcome.value
    }

    private func tell(of change: Int64?) {
        let isNew = lastChange.withLock { last in
            defer { last = change }
            return last != change
        }
        if isNew { SharedHints.send(file: file) }
    }

    func hints() -> AsyncStream<Void> { broadcast.stream() }

    func backup(to path: String) async throws(StorageError) {
        let pool = pool
        try await onThread { () throws(StorageError) in
            try SQLiteFile.copy(pool, to: path)
        }
    }

    func close() async {
        let pool = pool
        _ = try? await onThread { () throws(StorageError) in
            // What fails here has nothing left to lose: each commit is on disk already.
            try? pool.close()
        }
        SharedHints.leave(broadcast, file: file)
        broadcast.finish()
    }
}

/// Runs work that blocks on a thread of Dispatch, never on one of the tasks'.
private func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws(StorageError) -> Value
) async throws(StorageError) -> Value {
    let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            let result = Result { () throws(StorageError) in try body() }
            continuation.resume(returning: result)
        }
    }
    return try result.get()
}

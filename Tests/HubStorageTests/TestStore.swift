import HubStorage
import Synchronization
import TestSupport

/// The engines that a store may have.
enum Engine: CaseIterable {
    case sqlite, postgres
}

/// An empty store of an engine, removed with the value.
final class TestStore {
    let url: String
    private let folder: TemporaryDirectory

    init(_ engine: Engine) async throws {
        folder = try TemporaryDirectory()
        switch engine {
        case .sqlite: url = "sqlite:\(folder.path)/hub.db"
        case .postgres: url = try SharedServer.database().url
        }
    }

    func open(poolSize: Int = 4) async throws -> any Database {
        try await Stores.open(url, poolSize: poolSize)
    }
}

/// One server for the stores of all tests, each in a database of its own.
enum SharedServer {
    private static let server = Mutex<(server: PostgresServer, databases: Int)?>(nil)

    /// An empty database, and its URL.
    static func database() throws -> (PostgresServer, url: String) {
        try server.withLock { current in
            var (server, databases) = try current ?? (PostgresServer(), 0)
            databases += 1
            current = (server, databases)
            return (server, try server.createDatabase("hub\(databases)"))
        }
    }
}

extension Database {
    /// Runs one statement in a transaction of its own.
    @discardableResult
    func run(_ sql: String, _ values: [StoredValue] = []) async throws(StorageError) -> Int {
        try await write { statements throws(StorageError) in try statements.run(sql, values) }
    }

    func rows(_ sql: String, _ values: [StoredValue] = []) async throws(StorageError) -> [Row] {
        try await read { statements throws(StorageError) in try statements.rows(sql, values) }
    }

    /// The integer of a statement that has one row with one.
    func integer(_ sql: String) async throws -> Int64? {
        try await rows(sql).first?.integer(0)
    }
}

import HubStorage
import TestSupport

/// The engines that a store may have.
enum Engine: CaseIterable {
    case sqlite
}

/// An empty store of an engine, removed with the value.
final class TestStore {
    let url: String
    private let folder: TemporaryDirectory

    init(_ engine: Engine) async throws {
        folder = try TemporaryDirectory()
        switch engine {
        case .sqlite: url = "sqlite:\(folder.path)/hub.db"
        }
    }

    func open(poolSize: Int = 4) async throws -> any Database {
        try await Stores.open(url, poolSize: poolSize)
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

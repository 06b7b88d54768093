import FoundationEssentials
import GRDB

/// The statements of a transaction of SQLite.
final class SQLiteStatements: Statements {
    private let connection: GRDB.Database
    /// The first error, after which the transaction must not be committed, as in PostgreSQL.
    private var failure: StorageError?

    private init(_ connection: GRDB.Database) {
        self.connection = connection
    }

    /// Runs `body`; throws if a statement of it failed, even if `body` went on.
    static func finishing<Value>(
        _ connection: GRDB.Database,
        _ body: (any Statements) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        let statements = SQLiteStatements(connection)
        let value = try body(statements)
        if let failure = statements.failure { throw failure }
        return value
    }

    func rows(_ sql: String, _ values: [StoredValue]) throws(StorageError) -> [Row] {
        try noting {
            let statement = try connection.cachedStatement(sql: NumberedParameters.sqlite(sql))
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: try arguments(values))
            var rows: [Row] = []
            while let row = try cursor.next() {
                rows.append(Row(try row.databaseValues.map(StoredValue.init(sqlite:))))
            }
            return rows
        }
    }

    func run(_ sql: String, _ values: [StoredValue]) throws(StorageError) -> Int {
        try noting {
            let statement = try connection.cachedStatement(sql: NumberedParameters.sqlite(sql))
            try statement.execute(arguments: try arguments(values))
            return statement.isReadonly ? 0 : connection.changesCount
        }
    }

    private func noting<Value>(_ body: () throws -> Value) throws(StorageError) -> Value {
        do {
            return try body()
        } catch {
            let reason = StorageError(sqlite: error)
            failure = failure ?? reason
            throw reason
        }
    }

    private func arguments(_ values: [StoredValue]) throws(StorageError) -> StatementArguments {
        StatementArguments(try values.map { value throws(StorageError) in try value.sqlite })
    }
}

extension StoredValue {
    fileprivate init(sqlite value: DatabaseValue) throws(StorageError) {
        switch value.storage {
        case .null: self = .null
        case .int64(let integer): self = .integer(integer)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .bytes(Array(data))
        case .double: throw .broken("a value is a fraction")
        }
    }

    fileprivate var sqlite: DatabaseValue {
        get throws(StorageError) {
            switch self {
            case .null: .null
            case .integer(let value): value.databaseValue
            case .text(let value): try value.storable.databaseValue
            case .bytes(let value): Data(value).databaseValue
            }
        }
    }
}

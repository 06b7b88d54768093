package import Grants

/// A store of the hub: SQLite or PostgreSQL, by the same statements (docs/PROTOCOL.hub, section 9).
///
/// Writers take turns, also those of other hubs, so positions are in the order of commits. A write that
/// returns is on disk, and at the synchronous standby if there is one; one that throws changed nothing,
/// or may be repeated. The answer to a repetition must come from `write` as well, also if nothing is left to
/// change: what `read` sees may still be missing at the standby.
package protocol Database: Sendable {
    /// Reads in one transaction, which sees one state.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value

    /// Changes in one transaction, alone among all hubs; what `body` throws undoes all of it, as does a
    /// statement that failed. `body` may run more than once, so it keeps nothing of an earlier run.
    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value

    /// A hint after each commit with a row of `change`, of this hub or another; hints may be merged or lost.
    func hints() -> AsyncStream<Void>

    /// Writes a copy that can be opened, while others write.
    func backup(to path: String) async throws(StorageError)

    /// Ends all connections; calls under way end first.
    func close() async
}

/// The statements of a transaction.
///
/// SQL that both engines read: `$1`, `$2` … for values, `ON CONFLICT`, `RETURNING`; BIGINT, TEXT and BYTEA.
/// Texts compare by their bytes, also in LIKE, whose patterns need `ESCAPE '\'` if they escape. No text has
/// a NUL. The text of a statement is kept prepared, so values belong into `values`.
package protocol Statements {
    /// The rows of a statement.
    func rows(_ sql: String, _ values: [StoredValue]) throws(StorageError) -> [Row]

    /// Runs a statement; returns the number of rows that it changed.
    @discardableResult
    func run(_ sql: String, _ values: [StoredValue]) throws(StorageError) -> Int
}

/// A value of a column.
package enum StoredValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
}

/// A row of an answer; values by the number of their column.
package struct Row: Hashable, Sendable {
    package let values: [StoredValue]

    package init(_ values: [StoredValue]) {
        self.values = values
    }

    /// The integer of a column; the store is broken if it is none.
    package func integer(_ column: Int) throws(StorageError) -> Int64 {
        guard case .integer(let value) = values[column] else {
            throw .broken("column \(column) is no integer")
        }
        return value
    }

    package func text(_ column: Int) throws(StorageError) -> String {
        guard case .text(let value) = values[column] else {
            throw .broken("column \(column) is no text")
        }
        return value
    }

    package func bytes(_ column: Int) throws(StorageError) -> [UInt8] {
        guard case .bytes(let value) = values[column] else {
            throw .broken("column \(column) is no bytes")
        }
        return value
    }

    /// The time of a column, in microseconds since 1970.
    package func moment(_ column: Int) throws(StorageError) -> Moment {
        Moment(microseconds: try integer(column))
    }

    package func isNull(_ column: Int) -> Bool { values[column] == .null }

    package func textIfAny(_ column: Int) throws(StorageError) -> String? {
        isNull(column) ? nil : try text(column)
    }
}

/// The reason why the store did not do it.
package enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It cannot be reached, or is no primary; may work later.
    case unavailable(String)
    /// The standby did not confirm the commit; the change may be there.
    case unconfirmed(String)
    /// The disk, or the limit of the store, is full.
    case full(String)
    /// What is there is not what a hub wrote.
    case broken(String)
    /// A hub of a later version has changed the store.
    case tooNew(version: Int64)

    package var description: String {
        switch self {
        case .unavailable(let reason): "the store cannot be reached: \(reason)"
        case .unconfirmed(let reason): "the standby did not confirm: \(reason)"
        case .full(let reason): "the store is full: \(reason)"
        case .broken(let reason): "the store is broken: \(reason)"
        case .tooNew(let version): "the store is of version \(version), made by a later jitgate-hub"
        }
    }
}

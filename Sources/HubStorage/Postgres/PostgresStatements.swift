/// The statements that a connection keeps prepared, by their text and the types of their values.
final class PostgresConnection {
    private struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    let link: PostgresLink
    let bounds: PostgresBounds
    private var prepared: [Key: String] = [:]
    private static let limit = 500

    init(_ url: String, _ bounds: PostgresBounds) throws(StorageError) {
        link = try PostgresLink(url)
        self.bounds = bounds
        do {
            _ = try link.execute(PostgresSettings.session, within: bounds.statement)
        } catch {
            throw StorageError(postgres: error)
        }
    }

    func execute(_ sql: String) throws(PostgresFailure) {
        _ = try link.execute(sql, within: bounds.statement)
    }

    func execute(
        _ sql: String,
        types: [UInt32],
        values: [[UInt8]?]
    ) throws(PostgresFailure) -> PostgresAnswer {
        let name = try name(of: Key(sql: sql, types: types))
        return try link.execute(prepared: name, values, within: bounds.statement)
    }

    private func name(of key: Key) throws(PostgresFailure) -> String {
        if let name = prepared[key] { return name }
        if prepared.count == Self.limit {
            try execute("DEALLOCATE ALL")
            prepared = [:]
        }
        let name = "s\(prepared.count)"
        try link.prepare(key.sql, as: name, types: key.types, within: bounds.statement)
        prepared[key] = name
        return name
    }
}

/// The statements of a transaction of PostgreSQL.
final class PostgresStatements: Statements {
    private let connection: PostgresConnection
    /// The first failure, after which the server takes no more of this transaction.
    private(set) var failure: PostgresFailure?

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    func rows(_ sql: String, _ values: [StoredValue]) throws(StorageError) -> [Row] {
        try answer(sql, values).decoded()
    }

    func run(_ sql: String, _ values: [StoredValue]) throws(StorageError) -> Int {
        let answer = try answer(sql, values)
        return answer.tag.hasPrefix("SELECT") ? 0 : answer.changed
    }

    private func answer(
        _ sql: String,
        _ values: [StoredValue]
    ) throws(StorageError) -> PostgresAnswer {
        var (types, bytes): ([UInt32], [[UInt8]?]) = ([], [])
        for value in values {
            let parameter = try PostgresType.encode(value)
            types.append(parameter.0)
            bytes.append(parameter.1)
        }
        do {
            return try connection.execute(sql, types: types, values: bytes)
        } catch {
            failure = failure ?? error
            throw StorageError(postgres: error)
        }
    }
}

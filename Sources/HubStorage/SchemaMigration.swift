extension Schema {
    /// The engines, in so far as their tables differ.
    enum Engine {
        case sqlite, postgres
    }

    /// Brings a store to the version of this hub, one transaction a version.
    ///
    /// Hubs that start at once take turns, since writers do; each looks at the version in its turn.
    static func migrate(_ database: any Database, of engine: Engine) async throws(StorageError) {
        var isBehind = true
        while isBehind {
            isBehind = try await database.write { statements throws(StorageError) in
                try applyNext(to: statements, of: engine)
            }
        }
    }

    /// Applies the next migration that is missing; returns true if there was one.
    private static func applyNext(
        to statements: any Statements,
        of engine: Engine
    ) throws(StorageError) -> Bool {
        let version = try version(of: statements)
        guard version < migrations.count else { return false }
        for statement in migrations[version] {
            try statements.run(text(of: statement, for: engine), [])
        }
        if engine == .postgres && version == 0 { try createNotification(statements) }
        try statements.run("DELETE FROM schema_version", [])
        let next = StoredValue.integer(Int64(version) + 1)
        try statements.run("INSERT INTO schema_version (version) VALUES ($1)", [next])
        return true
    }

    private static func version(of statements: any Statements) throws(StorageError) -> Int {
        try statements.run(
            "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)",
            []
        )
        let rows = try statements.rows("SELECT version FROM schema_version", [])
        let version = try rows.first?.integer(0) ?? 0
        guard version >= 0 else { throw .broken("its version is \(version)") }
        guard version <= migrations.count else { throw .tooNew(version: version) }
        return Int(version)
    }

    /// Text in the order of its bytes with both engines, and in no index that an update of the system's
    /// collations would damage.
    private static func text(of statement: String, for engine: Engine) -> String {
        guard engine == .postgres else { return statement }
        return statement.split(separator: " ", omittingEmptySubsequences: false)
            .map { word in
                let name = word.prefix { $0.isLetter }
                return name == "TEXT" ? #"TEXT COLLATE "C""# + word.dropFirst(4) : String(word)
            }
            .joined(separator: " ")
    }

    /// Tells all hubs of a transaction that wrote a row of `change`, once it is committed.
    private static func createNotification(_ statements: any Statements) throws(StorageError) {
        let function = """
            CREATE FUNCTION tell_of_change() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN NOTIFY \(notificationChannel); RETURN NULL; END'
            """
        try statements.run(function, [])
        let trigger = """
            CREATE TRIGGER change_told AFTER INSERT ON change
            FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change()
            """
        try statements.run(trigger, [])
    }

    static let notificationChannel = "jitgate_change"
}

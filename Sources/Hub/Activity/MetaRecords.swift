import HubStorage

/// Values that the store has once, by name.
struct MetaRecords {
    let statements: any Statements

    func value(_ name: String) throws(StorageError) -> [UInt8]? {
        let rows = try statements.rows("SELECT value FROM meta WHERE name = $1", [.text(name)])
        return try rows.first?.bytes(0)
    }

    func set(_ name: String, _ value: [UInt8]) throws(StorageError) {
        try statements.run(
            """
            INSERT INTO meta (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """,
            [.text(name), .bytes(value)]
        )
    }

    func remove(_ name: String) throws(StorageError) {
        try statements.run("DELETE FROM meta WHERE name = $1", [.text(name)])
    }

    /// The value of a name, which is set to this one if there is none.
    func value(_ name: String, orSet value: [UInt8]) throws(StorageError) -> [UInt8] {
        try statements.run(
            "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            [.text(name), .bytes(value)]
        )
        return try self.value(name) ?? value
    }
}

import Attestation
import Depot
import Grants
import HubStorage
import Transparency

/// The statuses of hosts in the store, each with the memory of the witness.
struct StatusRecords {
    struct Row {
        let host: ShelfName
        /// That of the change by which it came.
        let position: Int64
        let note: [UInt8]
        let witness: [UInt8]?
        let seen: Moment
    }

    private static let columns = "host, position, note, witness, seen"

    let statements: any Statements

    func row(_ host: ShelfName) throws(StorageError) -> Row? {
        let rows = try statements.rows(
            "SELECT \(Self.columns) FROM status WHERE host = $1",
            [.text(host.description)]
        )
        return try Self.rows(rows).first
    }

    /// The rows that came after a position, in their order.
    func rows(after position: Int64, limit: Int64) throws(StorageError) -> [Row] {
        let rows = try statements.rows(
            "SELECT \(Self.columns) FROM status WHERE position > $1 ORDER BY position LIMIT $2",
            [.integer(position), .integer(limit)]
        )
        return try Self.rows(rows)
    }

    private static func rows(_ rows: [HubStorage.Row]) throws(StorageError) -> [Row] {
        var found: [Row] = []
        for row in rows {
            guard let host = ShelfName(try row.text(0)) else { continue }
            found.append(
                Row(
                    host: host,
                    position: try row.integer(1),
                    note: try row.bytes(2),
                    witness: row.isNull(3) ? nil : try row.bytes(3),
                    seen: try row.moment(4)
                )
            )
        }
        return found
    }

    func position(of host: ShelfName) throws(StorageError) -> Int64? {
        try statements.rows(
            "SELECT position FROM status WHERE host = $1",
            [.text(host.description)]
        ).first?.integer(0)
    }

    /// Puts the note of a host, and tells the hubs; returns its position.
    ///
    /// The memory of the witness stays if `witness` is `nil`.
    func put(
        _ note: [UInt8],
        of host: ShelfName,
        witness: [UInt8]?,
        at now: Moment
    ) throws(StorageError) -> Int64 {
        let position = try ChangeRecords(statements: statements).append(
            .status,
            host.description
        )
        try statements.run(
            """
            INSERT INTO status (host, position, note, witness, seen) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (host) DO UPDATE SET position = excluded.position, note = excluded.note,
                witness = COALESCE(excluded.witness, status.witness), seen = excluded.seen
            """,
            [
                .text(host.description), .integer(position), .bytes(note),
                witness.map(StoredValue.bytes) ?? .null, .integer(now.microseconds),
            ]
        )
        return position
    }

    /// Puts the memory of the witness alone, and tells the hubs; returns the position.
    func put(witness: [UInt8], of host: ShelfName) throws(StorageError) -> Int64 {
        let position = try ChangeRecords(statements: statements).append(
            .status,
            host.description
        )
        try statements.run(
            "UPDATE status SET witness = $1, position = $2 WHERE host = $3",
            [.bytes(witness), .integer(position), .text(host.description)]
        )
        return position
    }
}

/// The memory of the witness as the store has it: a byte that tells of an alarm, then the JSON of
/// PROTOCOL.fleet, section 6.
enum StoredWitness {
    static func encode(_ host: WitnessedHost) -> [UInt8] {
        [host.isAlarming ? 1 : 0] + host.encoded()
    }

    /// The memory of a host; `nil` if there is none under this key.
    static func decode(_ bytes: [UInt8]?, by key: VerifierKey) -> WitnessedHost? {
        guard let bytes,
            let host = try? WitnessedHost(parsing: Array(bytes.dropFirst()), trusted: true),
            host.key == key
        else { return nil }
        return host
    }

    /// True if a person has to look at the host.
    static func isAlarming(_ bytes: [UInt8]?) -> Bool { bytes?.first == 1 }
}

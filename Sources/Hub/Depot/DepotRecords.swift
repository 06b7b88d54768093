import Depot
import Grants
import HubStorage
import Signatures

/// An object of the depot in the store.
struct StoredDepotObject: Hashable, Sendable {
    let bytes: [UInt8]
    /// The SHA-256 of the bytes in hex: its ETag.
    let digest: String

    init(_ bytes: [UInt8]) {
        (self.bytes, digest) = (bytes, FileDigest.sha256(of: bytes))
    }

    init(bytes: [UInt8], digest: String) {
        (self.bytes, self.digest) = (bytes, digest)
    }
}

/// The rows of `file`, `shelf` and `object`: the depot (docs/PROTOCOL.depot).
struct DepotRecords {
    /// The values of one statement, at most.
    private static let chunk = 500

    let statements: any Statements

    init(_ statements: any Statements) {
        self.statements = statements
    }

    // MARK: files

    func file(_ digest: ObjectDigest) throws(StorageError) -> [UInt8]? {
        try statements.rows(
            "SELECT bytes FROM file WHERE digest = $1",
            [.text(digest.description)]
        ).first?.bytes(0)
    }

    /// Adds a file unless it is there; returns whether it is new.
    func add(
        _ bytes: [UInt8],
        _ digest: ObjectDigest,
        _ facts: PostedFile,
        at now: Moment
    ) throws(StorageError) -> Bool {
        let end = facts.end.map { StoredValue.integer($0.microseconds) } ?? .null
        return try statements.run(
            """
            INSERT INTO file (digest, bytes, closes, ends, added) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (digest) DO NOTHING
            """,
            [
                .text(digest.description), .bytes(bytes), .integer(facts.closes ? 1 : 0), end,
                .integer(now.microseconds),
            ]
        ) == 1
    }

    /// The facts about files by which the lines of an index are ordered and dropped.
    func knowledge(
        of digests: [ObjectDigest]
    ) throws(StorageError) -> [ObjectDigest: ShelfEdit.Knowledge] {
        var known: [ObjectDigest: ShelfEdit.Knowledge] = [:]
        for start in stride(from: 0, to: digests.count, by: Self.chunk) {
            let part = digests[start..<min(start + Self.chunk, digests.count)]
            let rows = try statements.rows(
                """
                SELECT digest, closes, ends, added FROM file
                WHERE digest IN (\(Self.places(part.count)))
                """,
                part.map { .text($0.description) }
            )
            for row in rows {
                guard let digest = ObjectDigest(try row.text(0)) else { continue }
                let end = row.isNull(2) ? nil : try row.moment(2)
                let file = PostedFile(closes: try row.integer(1) != 0, end: end)
                known[digest] = ShelfEdit.Knowledge(file, posted: try row.moment(3))
            }
        }
        return known
    }

    private static func places(_ count: Int) -> String {
        (1...max(1, count)).map { "$\($0)" }.joined(separator: ", ")
    }

    // MARK: shelves

    /// The digests of all shelves.
    func shelfDigests() throws(StorageError) -> [ShelfName: String] {
        var digests: [ShelfName: String] = [:]
        for row in try statements.rows("SELECT name, digest FROM shelf", []) {
            guard let name = ShelfName(try row.text(0)) else { continue }
            digests[name] = try row.text(1)
        }
        return digests
    }

    /// The index of a shelf; `nil` if nothing was ever put on it.
    func shelf(_ name: ShelfName) throws(StorageError) -> StoredDepotObject? {
        let rows = try statements.rows(
            "SELECT content, digest FROM shelf WHERE name = $1",
            [.text(name.description)]
        )
        guard let row = rows.first else { return nil }
        return StoredDepotObject(bytes: try row.bytes(0), digest: try row.text(1))
    }

    /// Replaces the index of a shelf, and tells the hubs.
    func replace(
        _ name: ShelfName,
        by bytes: [UInt8],
        at now: Moment
    ) throws(StorageError) {
        let object = StoredDepotObject(bytes)
        try statements.run(
            """
            INSERT INTO shelf (name, content, digest, changed) VALUES ($1, $2, $3, $4)
            ON CONFLICT (name) DO UPDATE SET content = excluded.content, digest = excluded.digest,
                changed = excluded.changed
            """,
            [
                .text(name.description), .bytes(bytes), .text(object.digest),
                .integer(now.microseconds),
            ]
        )
        try ChangeRecords(statements: statements).append(.shelf, name.description)
    }

    // MARK: objects

    /// The object at a path, such as `bulletin`.
    func object(_ path: String) throws(StorageError) -> StoredDepotObject? {
        let rows = try statements.rows(
            "SELECT bytes, digest FROM object WHERE path = $1",
            [.text(path)]
        )
        guard let row = rows.first else { return nil }
        return StoredDepotObject(bytes: try row.bytes(0), digest: try row.text(1))
    }

    func replace(
        object path: String,
        by bytes: [UInt8],
        at now: Moment
    ) throws(StorageError) {
        let object = StoredDepotObject(bytes)
        try statements.run(
            """
            INSERT INTO object (path, bytes, digest, changed) VALUES ($1, $2, $3, $4)
            ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, digest = excluded.digest,
                changed = excluded.changed
            """,
            [.text(path), .bytes(bytes), .text(object.digest), .integer(now.microseconds)]
        )
    }
}

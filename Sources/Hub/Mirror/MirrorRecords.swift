import Depot
import Grants
import HubStorage

/// A claim to be the one hub that writes to the static depot.
struct Lease: Hashable, Sendable {
    /// The hub that has it; empty: it was given back.
    let holder: String
    /// A number that each renewal changes.
    let turn: Int64
}

/// The rows of `mirrored` and `lease`: what the static depot has as far as the hubs know, and who writes to it.
struct MirrorRecords {
    /// What each object is now, by its path in the depot.
    private static let own = """
        (SELECT 'shelves/' || name || '/index' AS path, digest, changed FROM shelf
         UNION ALL SELECT path, digest, changed FROM object WHERE path = 'bulletin') AS own
        LEFT JOIN mirrored ON mirrored.path = own.path
        """
    private static let isBehind = "mirrored.digest IS NULL OR mirrored.digest <> own.digest"

    let statements: any Statements

    // MARK: objects

    /// The objects that the static depot lacks or may lack, the earliest change first.
    func behind() throws(StorageError) -> [DepotObject] {
        try objects("WHERE \(Self.isBehind)")
    }

    /// All objects that belong into the static depot.
    func all() throws(StorageError) -> [DepotObject] { try objects("") }

    private func objects(_ condition: String) throws(StorageError) -> [DepotObject] {
        let sql = "SELECT own.path FROM \(Self.own) \(condition) ORDER BY own.changed, own.path"
        var objects: [DepotObject] = []
        for row in try statements.rows(sql, []) {
            if let object = DepotObject(mirrored: try row.text(0)) { objects.append(object) }
        }
        return objects
    }

    /// The moment since which the static depot is behind; `nil` if it is not.
    func behindSince() throws(StorageError) -> Moment? {
        let row = try statements.rows(
            """
            SELECT MIN(CASE WHEN mirrored.digest = '' THEN mirrored.since ELSE own.changed END)
            FROM \(Self.own) WHERE \(Self.isBehind)
            """,
            []
        ).first
        guard let row, !row.isNull(0) else { return nil }
        return try row.moment(0)
    }

    /// The digest of an object that the static depot has; empty if it must be looked at, `nil` if it was never put.
    func digest(of object: DepotObject) throws(StorageError) -> String? {
        try statements.rows(
            "SELECT digest FROM mirrored WHERE path = $1",
            [.text(object.path)]
        ).first?.text(0)
    }

    /// Notes that the static depot has an object.
    func note(_ object: DepotObject, _ digest: String, at now: Moment) throws(StorageError) {
        try statements.run(
            """
            INSERT INTO mirrored (path, digest, since) VALUES ($1, $2, $3)
            ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, since = excluded.since
            """,
            [.text(object.path), .text(digest), .integer(now.microseconds)]
        )
    }

    /// Notes that nothing is known of the static depot any more: it has lost something.
    func doubtAll(at now: Moment) throws(StorageError) {
        try statements.run(
            "UPDATE mirrored SET digest = '', since = $1 WHERE digest <> ''",
            [.integer(now.microseconds)]
        )
    }

    /// Forgets what another depot has, if the objects go to a new one now.
    func open(_ depot: String) throws(StorageError) {
        let (meta, name) = (MetaRecords(statements: statements), Array(depot.utf8))
        guard try meta.value("publish") != name else { return }
        try statements.run("DELETE FROM mirrored", [])
        try meta.set("publish", name)
    }

    // MARK: the lease

    private static let lease = StoredValue.text("publish")

    func lease() throws(StorageError) -> Lease? {
        let sql = "SELECT holder, turn FROM lease WHERE name = $1"
        guard let row = try statements.rows(sql, [Self.lease]).first else { return nil }
        return Lease(holder: try row.text(0), turn: try row.integer(1))
    }

    /// Gives the lease to a hub if it is free, the hub's own, or the one that has lapsed; returns whose it is then.
    func claim(for hub: String, lapsed: Lease?) throws(StorageError) -> Lease {
        let old = try lease()
        if let old, old.holder != "", old.holder != hub, old != lapsed { return old }
        let new = Lease(holder: hub, turn: (old?.turn ?? 0) + 1)
        try statements.run(
            """
            INSERT INTO lease (name, holder, turn) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, turn = excluded.turn
            """,
            [Self.lease, .text(new.holder), .integer(new.turn)]
        )
        return new
    }

    func giveBack(from hub: String) throws(StorageError) {
        try statements.run(
            "UPDATE lease SET holder = '' WHERE name = $1 AND holder = $2",
            [Self.lease, .text(hub)]
        )
    }
}

extension DepotObject {
    /// Reads the path of an index or of the bulletin; fails for all others.
    fileprivate init?(mirrored path: String) {
        if path == DepotObject.bulletin.path {
            self = .bulletin
            return
        }
        guard path.hasPrefix("shelves/"), path.hasSuffix("/index"),
            let shelf = ShelfName(String(path.dropFirst(8).dropLast(6)))
        else { return nil }
        self = .index(shelf)
    }
}

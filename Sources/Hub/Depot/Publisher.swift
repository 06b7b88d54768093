import Depot
import Grants
import HubStorage

/// A signed file that goes to shelves.
struct Publication: Sendable {
    let bytes: [UInt8]
    let line: ShelfLine
    /// The facts by which its lines are ordered and dropped.
    let facts: PostedFile
    let shelves: [ShelfName]
    /// The request that it is the file of; `nil` for a file that was sent by itself.
    let request: GrantID?

    init(
        _ bytes: [UInt8],
        line: ShelfLine,
        facts: PostedFile,
        shelves: [ShelfName],
        request: GrantID?
    ) {
        (self.bytes, self.line, self.facts) = (bytes, line, facts)
        (self.shelves, self.request) = (shelves, request)
    }

    /// The fate of a publication.
    struct Result: Hashable, Sendable {
        /// The shelves that have its line now.
        var listed: [ShelfName] = []
        /// Those of them that lacked it before.
        var new: [ShelfName] = []
        /// The shelves that have no room for it.
        var full: [ShelfName] = []
    }
}

/// Puts files on shelves, in the transaction of its statements (docs/PROTOCOL.depot, section 9).
///
/// A publication that is repeated changes nothing.
struct Publisher {
    private let statements: any Statements
    private let now: Moment

    init(_ statements: any Statements, at now: Moment) {
        (self.statements, self.now) = (statements, now)
    }

    func publish(_ file: Publication) throws(StorageError) -> Publication.Result {
        let records = DepotRecords(statements)
        _ = try records.add(file.bytes, file.line.digest, file.facts, at: now)
        var result = Publication.Result()
        for shelf in file.shelves {
            let earlier = try earlier(file, on: shelf)
            let old = try lines(of: shelf, records)
            let edit = ShelfEdit(
                of: old,
                adding: [ShelfEdit.Addition(file.line, closes: file.facts.closes)],
                removing: Set([earlier].compactMap(\.self)),
                knowing: try records.knowledge(of: old.map(\.digest)),
                at: now
            )
            guard edit.refused.isEmpty else {
                result.full.append(shelf)
                continue
            }
            if edit.changes(old) { try records.replace(shelf, by: edit.bytes, at: now) }
            if !old.contains(where: { $0.digest == file.line.digest }) { result.new.append(shelf) }
            result.listed.append(shelf)
            try note(file, on: shelf)
        }
        return result
    }

    /// Takes the files of a request off all its shelves; hosts that have them keep them.
    func withdraw(_ request: GrantID) throws(StorageError) {
        let records = DepotRecords(statements)
        let rows = try statements.rows(
            "SELECT shelf, digest FROM publication WHERE request = $1 ORDER BY shelf",
            [.text(request.description)]
        )
        for row in rows {
            guard let shelf = ShelfName(try row.text(0)), let digest = ObjectDigest(try row.text(1))
            else { continue }
            let old = try lines(of: shelf, records)
            let edit = ShelfEdit(
                of: old,
                adding: [],
                removing: [digest],
                knowing: try records.knowledge(of: old.map(\.digest)),
                at: now
            )
            if edit.changes(old) { try records.replace(shelf, by: edit.bytes, at: now) }
        }
    }

    private func lines(
        of shelf: ShelfName,
        _ records: DepotRecords
    ) throws(StorageError) -> [ShelfLine] {
        guard let index = try records.shelf(shelf) else { return [] }
        do throws(IndexError) {
            return try ShelfIndex(parsing: index.bytes).lines
        } catch {
            throw .broken("shelf \(shelf): \(error)")
        }
    }

    /// The file of the same request that an earlier publication put on a shelf, with fewer signatures.
    private func earlier(
        _ file: Publication,
        on shelf: ShelfName
    ) throws(StorageError) -> ObjectDigest? {
        guard let request = file.request else { return nil }
        let rows = try statements.rows(
            "SELECT digest FROM publication WHERE request = $1 AND shelf = $2",
            [.text(request.description), .text(shelf.description)]
        )
        guard let row = rows.first else { return nil }
        return ObjectDigest(try row.text(0))
    }

    private func note(_ file: Publication, on shelf: ShelfName) throws(StorageError) {
        guard let request = file.request else { return }
        try statements.run(
            """
            INSERT INTO publication (request, shelf, digest, made) VALUES ($1, $2, $3, $4)
            ON CONFLICT (request, shelf) DO UPDATE SET digest = excluded.digest, made = excluded.made
            WHERE publication.digest <> excluded.digest
            """,
            [
                .text(request.description), .text(shelf.description),
                .text(file.line.digest.description), .integer(now.microseconds),
            ]
        )
    }
}

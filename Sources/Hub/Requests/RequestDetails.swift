import Depot
import Grants
import HubStorage
import Requests

/// All that belongs to requests and lies in other tables: read for many requests at once.
struct RequestDetails {
    /// The requests of one statement; its text is the same for fewer.
    private static let chunk = 50

    let statements: any Statements

    /// A request and its place in lists.
    typealias Placed = (request: StoredRequest, position: Int64)

    /// Makes requests of rows of `RequestRecords.columns`, in their order.
    func complete(_ rows: [Row]) throws(StorageError) -> [Placed] {
        var requests: [Placed] = []
        for start in stride(from: 0, to: rows.count, by: Self.chunk) {
            requests += try chunk(Array(rows[start..<min(start + Self.chunk, rows.count)]))
        }
        return requests
    }

    private func chunk(_ rows: [Row]) throws(StorageError) -> [Placed] {
        var requests: [Placed] = []
        for row in rows { requests.append((try Self.request(row), try row.integer(9))) }
        let ids = requests.map(\.request.request.grant.id)
        let signatures = try signatures(of: ids)
        let decisions = try decisions(of: ids)
        let publications = try publications(of: ids)
        let openings = try openings(of: ids)
        for (index, id) in ids.enumerated() {
            requests[index].request.signatures = signatures[id] ?? []
            requests[index].request.decision = decisions[id]?.first
            requests[index].request.publications = publications[id] ?? []
            requests[index].request.openings = openings[id] ?? []
        }
        return requests
    }

    private static func request(_ row: Row) throws(StorageError) -> StoredRequest {
        let payload = try row.bytes(1)
        guard let grant = try? Grant(parsing: payload) else {
            throw .broken("the payload of the request \(try row.text(0)) is no grant")
        }
        guard let state = StoredState(rawValue: try row.text(7)) else {
            throw .broken("the request \(grant.id) has an unknown state")
        }
        let request = AccessRequest(
            grant,
            payload: payload,
            sha256: try row.text(2),
            askedBy: try row.text(3),
            isSigned: try row.integer(4) != 0,
            created: try row.moment(5),
            lapses: try row.moment(6)
        )
        return StoredRequest(request, state: state, since: try row.moment(8))
    }

    private func signatures(
        of ids: [GrantID]
    ) throws(StorageError) -> [GrantID: [CollectedSignature]] {
        try grouped(
            "sha256, armor, namespace, signer, key, added",
            of: "signature",
            by: "request",
            in: "added, sha256",
            ids
        ) { row throws(StorageError) in
            CollectedSignature(
                sha256: try row.text(1),
                armor: try row.bytes(2),
                namespace: try row.text(3),
                signer: try row.text(4),
                key: try row.text(5),
                added: try row.moment(6)
            )
        }
    }

    private func decisions(of ids: [GrantID]) throws(StorageError) -> [GrantID: [KeptDecision]] {
        try grouped(
            "kind, decider, reason, file, made",
            of: "decision",
            by: "request",
            in: "made",
            ids
        ) { row throws(StorageError) in
            guard let kind = DecisionDocument.Kind(rawValue: try row.text(1)) else {
                throw .broken("a decision is of an unknown kind")
            }
            return KeptDecision(
                kind,
                by: try row.text(2),
                reason: try row.text(3),
                file: row.isNull(4) ? nil : try row.bytes(4),
                at: try row.moment(5)
            )
        }
    }

    private func publications(of ids: [GrantID]) throws(StorageError) -> [GrantID: [ShelvedFile]] {
        try grouped(
            "shelf, digest, made",
            of: "publication",
            by: "request",
            in: "shelf",
            ids
        ) { row throws(StorageError) in
            let shelf = try row.shelf(1)
            return ShelvedFile(shelf: shelf, digest: try row.text(2), made: try row.moment(3))
        }
    }

    private func openings(of ids: [GrantID]) throws(StorageError) -> [GrantID: [ReportedOpening]] {
        try grouped(
            "host, opened, deadline, closed",
            of: "opening",
            by: "grant_id",
            in: "host",
            ids
        ) { row throws(StorageError) in
            ReportedOpening(
                host: try row.shelf(1),
                opened: try row.moment(2),
                deadline: try row.moment(3),
                closed: row.isNull(4) ? nil : try row.moment(4)
            )
        }
    }

    /// The rows of a table by the ids of their requests; an id that is there twice changes nothing.
    private func grouped<Value>(
        _ columns: String,
        of table: String,
        by key: String,
        in order: String,
        _ ids: [GrantID],
        _ read: (Row) throws(StorageError) -> Value
    ) throws(StorageError) -> [GrantID: [Value]] {
        guard let last = ids.last else { return [:] }
        let places = (1...Self.chunk).map { "$\($0)" }.joined(separator: ", ")
        let padded = ids + Array(repeating: last, count: max(0, Self.chunk - ids.count))
        let rows = try statements.rows(
            "SELECT \(key), \(columns) FROM \(table) WHERE \(key) IN (\(places)) ORDER BY \(order)",
            padded.map { .text($0.description) }
        )
        var values: [GrantID: [Value]] = [:]
        for row in rows { values[try row.grantID(0), default: []].append(try read(row)) }
        return values
    }
}

extension Row {
    /// The name of a shelf or a host in a column; the store is broken if it is none.
    func shelf(_ column: Int) throws(StorageError) -> ShelfName {
        guard let name = ShelfName(try text(column)) else {
            throw .broken("column \(column) is no name of a shelf")
        }
        return name
    }
}

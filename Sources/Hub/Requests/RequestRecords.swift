import Depot
import Grants
import HubStorage
import Requests

/// The requests in the store.
struct RequestRecords {
    /// The relation of a request that is sent to the one that has its id.
    enum Known: Sendable {
        /// It is there already, with the same payload.
        case same
        /// Another request has its id.
        case taken
    }

    static let columns =
        "id, payload, sha256, asked_by, is_signed, created, lapses, state, since, position"

    let statements: any Statements

    // MARK: one request

    /// The request with an id and all that is kept about it.
    func find(_ id: GrantID) throws(StorageError) -> StoredRequest? {
        let rows = try statements.rows(
            "SELECT \(Self.columns) FROM request WHERE id = $1",
            [.text(id.description)]
        )
        return try RequestDetails(statements: statements).complete(rows).first?.request
    }

    /// Looks for a request with the same id; its bytes decide whether this one is a repetition.
    func known(_ request: AccessRequest) throws(StorageError) -> Known? {
        let rows = try statements.rows(
            "SELECT payload FROM request WHERE id = $1",
            [.text(request.grant.id.description)]
        )
        return try rows.first.map { row throws(StorageError) in
            try row.bytes(0) == request.payload ? .same : .taken
        }
    }

    /// Adds a request whose id is not known.
    func add(_ request: AccessRequest, at now: Moment) throws(StorageError) {
        let id = request.grant.id.description
        let position = try statements.rows(
            "SELECT COALESCE(MAX(position), 0) + 1 FROM request",
            []
        )
        try insert(request, id, at: try position.first?.integer(0) ?? 1, now)
        for host in Set(request.grant.hosts.map(\.description)) {
            try statements.run(
                "INSERT INTO request_host (host, request) VALUES ($1, $2)",
                [.text(host), .text(id)]
            )
        }
    }

    private func insert(
        _ request: AccessRequest,
        _ id: String,
        at position: Int64,
        _ now: Moment
    ) throws(StorageError) {
        let grant = request.grant
        try statements.run(
            """
            INSERT INTO request (id, position, payload, sha256, requestor, asked_by, is_signed, ticket,
                created, lapses, expires, state, since)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """,
            [
                .text(id), .integer(position), .bytes(request.payload), .text(request.sha256),
                .text(grant.requestor), .text(request.askedBy),
                .integer(request.isSigned ? 1 : 0), grant.ticket.map(StoredValue.text) ?? .null,
                .moment(request.created), .moment(request.lapses), .moment(grant.expires),
                .text(StoredState.pending.rawValue), .moment(now),
            ]
        )
    }

    /// The number of requests that a person has asked and that wait.
    func pendingCount(askedBy name: String) throws(StorageError) -> Int64 {
        let rows = try statements.rows(
            "SELECT COUNT(*) FROM request WHERE asked_by = $1 AND state = $2",
            [.text(name), .text(StoredState.pending.rawValue)]
        )
        return try rows.first?.integer(0) ?? 0
    }

    // MARK: changes

    /// Keeps a signature.
    ///
    /// - Returns: false if it is there already, or another one by the same key for the same purpose.
    func add(
        _ signature: CollectedSignature,
        to id: GrantID
    ) throws(StorageError) -> Bool {
        let same = try statements.rows(
            """
            SELECT 1 FROM signature
            WHERE request = $1 AND (sha256 = $2 OR (namespace = $3 AND key = $4))
            """,
            [
                .text(id.description), .text(signature.sha256), .text(signature.namespace),
                .text(signature.key),
            ]
        )
        guard same.isEmpty else { return false }
        try statements.run(
            """
            INSERT INTO signature (request, sha256, armor, namespace, signer, key, added)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .text(id.description), .text(signature.sha256), .bytes(signature.armor),
                .text(signature.namespace), .text(signature.signer), .text(signature.key),
                .moment(signature.added),
            ]
        )
        return true
    }

    /// Decides about a request that waits; the caller has looked that it does.
    func decide(_ id: GrantID, _ decision: KeptDecision) throws(StorageError) {
        try statements.run(
            """
            INSERT INTO decision (request, kind, decider, reason, file, made)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                .text(id.description), .text(decision.decision.rawValue), .text(decision.by),
                .text(decision.reason), decision.file.map(StoredValue.bytes) ?? .null,
                .moment(decision.at),
            ]
        )
        try set(decision.decision == .deny ? .denied : .withdrawn, of: id, at: decision.at)
    }

    func set(_ state: StoredState, of id: GrantID, at now: Moment) throws(StorageError) {
        try statements.run(
            "UPDATE request SET state = $2, since = $3 WHERE id = $1",
            [.text(id.description), .text(state.rawValue), .moment(now)]
        )
        if state != .pending { try EvidenceRecords(statements: statements).delete(id) }
    }

    // MARK: times

    /// The requests that wait and are over by now, the oldest first.
    func lapsed(at now: Moment, limit: Int) throws(StorageError) -> [GrantID] {
        let rows = try statements.rows(
            """
            SELECT id FROM request WHERE state = $1 AND (lapses <= $2 OR expires <= $2)
            ORDER BY position LIMIT $3
            """,
            [.text(StoredState.pending.rawValue), .moment(now), .integer(Int64(limit))]
        )
        return try rows.map { row throws(StorageError) in try row.grantID(0) }
    }

    /// The moment at which the next request that waits is over.
    func nextLapse() throws(StorageError) -> Moment? {
        let rows = try statements.rows(
            """
            SELECT MIN(CASE WHEN lapses < expires THEN lapses ELSE expires END)
            FROM request WHERE state = $1
            """,
            [.text(StoredState.pending.rawValue)]
        )
        guard let row = rows.first, !row.isNull(0) else { return nil }
        return try row.moment(0)
    }

    /// The requests that may be put on a shelf still, the oldest first.
    func live(
        at now: Moment,
        after position: Int64,
        limit: Int
    ) throws(StorageError) -> [(id: GrantID, position: Int64)] {
        let rows = try statements.rows(
            """
            SELECT id, position FROM request WHERE state IN ($1, $2) AND expires > $3 AND position > $4
            ORDER BY position LIMIT $5
            """,
            [
                .text(StoredState.pending.rawValue), .text(StoredState.published.rawValue),
                .moment(now), .integer(position), .integer(Int64(limit)),
            ]
        )
        return try rows.map { row throws(StorageError) in
            (try row.grantID(0), try row.integer(1))
        }
    }
}

extension StoredValue {
    static func moment(_ moment: Moment) -> StoredValue { .integer(moment.microseconds) }
}

extension Row {
    /// The id of a grant in a column; the store is broken if it is none.
    func grantID(_ column: Int) throws(StorageError) -> GrantID {
        let text = try text(column)
        guard let id = try? GrantID(parsing: text) else {
            throw .broken("column \(column) is no id of a grant")
        }
        return id
    }
}

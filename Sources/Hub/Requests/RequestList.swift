import Grants
import HubStorage
import Requests

/// The part of all requests that somebody wants to see.
struct RequestFilter: Sendable {
    var state: AccessRequest.State?
    var requestor: String?
    /// A host in the words of the request, or one that has opened it.
    var host: String?
    var ticket: String?
    /// The name of those who asked it, or may come in by it.
    var concerning: String?
    /// The name of the one who asked it.
    var askedBy: String?

    /// The stored states that the state may follow from.
    fileprivate var stored: [StoredState] {
        switch state {
        case nil: StoredState.allCases
        case .pending, .approved: [.pending]
        case .published, .open, .ended: [.published]
        case .denied: [.denied]
        case .withdrawn: [.withdrawn]
        case .lapsed: [.pending, .lapsed]
        }
    }
}

extension RequestRecords {
    /// The next requests of a list, the newest first.
    ///
    /// Those of a state that the store does not have are among them with others.
    func list(
        _ filter: RequestFilter,
        before cursor: Int64?,
        limit: Int
    ) throws(StorageError) -> [RequestDetails.Placed] {
        var query = Query()
        let states = filter.stored
        if states.count < StoredState.allCases.count {
            query.add(states.map { .text($0.rawValue) }) {
                "state IN (\($0.joined(separator: ", ")))"
            }
        }
        for (column, text) in [
            ("requestor", filter.requestor), ("ticket", filter.ticket),
            ("asked_by", filter.askedBy),
        ] {
            if let text { query.add([.text(text)]) { "\(column) = \($0[0])" } }
        }
        if let name = filter.concerning {
            query.add([.text(name)]) { "(requestor = \($0[0]) OR asked_by = \($0[0]))" }
        }
        if let host = filter.host {
            query.add([.text(host)]) { place in
                """
                (id IN (SELECT request FROM request_host WHERE host = \(place[0]))
                OR id IN (SELECT grant_id FROM opening WHERE host = \(place[0])))
                """
            }
        }
        if let cursor { query.add([.integer(cursor)]) { "position < \($0[0])" } }
        let filters =
            query.conditions.isEmpty
            ? "" : "WHERE " + query.conditions.joined(separator: " AND ")
        let rows = try statements.rows(
            """
            SELECT \(Self.columns) FROM request \(filters)
            ORDER BY position DESC LIMIT $\(query.values.count + 1)
            """,
            query.values + [.integer(Int64(limit))]
        )
        return try RequestDetails(statements: statements).complete(rows)
    }
}

/// The conditions of a statement and their values.
private struct Query {
    private(set) var conditions: [String] = []
    private(set) var values: [StoredValue] = []

    /// Adds a condition, which gets the places of its values.
    mutating func add(_ new: [StoredValue], _ condition: ([String]) -> String) {
        let places = new.indices.map { "$\(values.count + $0 + 1)" }
        values += new
        conditions.append(condition(places))
    }
}

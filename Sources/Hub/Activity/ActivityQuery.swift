import Grants
import HubStorage
import StrictJSON

/// An entry of the log as the store has it, with the people whom it concerns.
struct StoredActivity: Hashable, Sendable {
    let position: Int64
    let time: Moment
    let event: String
    let request: String?
    let host: String?
    let actor: String?
    /// The line that is a leaf of the tree.
    let record: [UInt8]
    /// The people of its request.
    let people: [String]

    init(_ row: Row) throws(StorageError) {
        position = try row.integer(0)
        time = try row.moment(1)
        event = try row.text(2)
        request = try row.textIfAny(3)
        host = try row.textIfAny(4)
        actor = try row.textIfAny(5)
        record = try row.bytes(6)
        people = [try row.textIfAny(7), try row.textIfAny(8)].compactMap(\.self)
    }

    /// True if a person may see it.
    func isVisible(to person: Person) -> Bool {
        person.may(.audit) || actor == person.name || people.contains(person.name)
    }

    /// True if it tells approvers of a request, which they see with all that it tells.
    var concernsApprovers: Bool {
        switch ActivityEvent(rawValue: event) {
        case .asked, .signed, .denied, .withdrawn, .lapsed, .published: true
        default: false
        }
    }

    /// The clause for people.
    var text: String {
        (try? JSONNode.parse(record))?.value["text"]?.text ?? ""
    }
}

/// A choice of entries, by what they are about.
struct ActivityQuery: Hashable, Sendable {
    var event: String?
    var request: String?
    var host: String?
    var actor: String?
    var since: Moment?
    var until: Moment?
    /// The entries before this position; `nil`: from the newest on.
    var before: Int64?
    /// The entries after this position, in their order.
    var after: Int64?
    /// The person whom all entries must concern; `nil`: everybody's.
    var concerning: String?
    var limit = 100

    /// The entries of a store, newest first, or in their order with `after`.
    func entries(in statements: any Statements) throws(StorageError) -> [StoredActivity] {
        var (conditions, values): ([String], [StoredValue]) = ([], [])
        func add(_ condition: String, _ value: StoredValue?) {
            guard let value else { return }
            values.append(value)
            conditions.append(condition.replacing("?", with: "$\(values.count)"))
        }
        add("a.event = ?", event.map(StoredValue.text))
        add("a.request = ?", request.map(StoredValue.text))
        add("a.host = ?", host.map(StoredValue.text))
        add("a.actor = ?", actor.map(StoredValue.text))
        add("a.time >= ?", (since?.microseconds).map(StoredValue.integer))
        add("a.time < ?", (until?.microseconds).map(StoredValue.integer))
        add("a.position < ?", before.map(StoredValue.integer))
        add("a.position > ?", after.map(StoredValue.integer))
        add(
            "(a.actor = ? OR r.requestor = ? OR r.asked_by = ?)",
            concerning.map(StoredValue.text)
        )
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        values.append(.integer(Int64(limit)))
        let rows = try statements.rows(
            """
            SELECT a.position, a.time, a.event, a.request, a.host, a.actor, a.record,
                r.requestor, r.asked_by
            FROM activity a LEFT JOIN request r ON r.id = a.request \(filter)
            ORDER BY a.position \(after == nil ? "DESC" : "ASC") LIMIT $\(values.count)
            """,
            values
        )
        return try rows.map { row throws(StorageError) in try StoredActivity(row) }
    }
}

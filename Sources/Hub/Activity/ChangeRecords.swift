import Grants
import HubStorage

/// A change of the store that those who wait are told of.
struct Change: Hashable, Sendable {
    enum Topic: String, Hashable, Sendable, CaseIterable {
        /// An entry of the log; the name is its position.
        case activity
        /// A shelf, by its name.
        case shelf
        /// The bulletin.
        case bulletin
        /// The status of a host, by its name.
        case status
        /// A request, by its id.
        case request
        case inventory
        /// The messages to webhooks.
        case webhook
    }

    let position: Int64
    let topic: Topic
    let name: String
}

/// The changes in the store, in the order of commits.
struct ChangeRecords {
    /// The changes that are kept; who is further behind reads all anew.
    static let kept: Int64 = 10_000

    let statements: any Statements

    /// Adds a change in the transaction that makes it; all hubs hear of it after the commit.
    ///
    /// - Returns: its position.
    @discardableResult
    func append(_ topic: Change.Topic, _ name: String) throws(StorageError) -> Int64 {
        let position = try last() + 1
        try statements.run(
            "INSERT INTO change (position, topic, name) VALUES ($1, $2, $3)",
            [.integer(position), .text(topic.rawValue), .text(name)]
        )
        if position.isMultiple(of: 256) {
            try statements.run(
                "DELETE FROM change WHERE position <= $1",
                [.integer(position - Self.kept)]
            )
        }
        return position
    }

    /// The position of the last change; 0 if there has been none.
    func last() throws(StorageError) -> Int64 {
        let rows = try statements.rows("SELECT COALESCE(MAX(position), 0) FROM change", [])
        return try rows.first?.integer(0) ?? 0
    }

    /// The changes after a position, in their order.
    ///
    /// - Returns: `nil` if some of them are not kept any more.
    func changes(after position: Int64) throws(StorageError) -> [Change]? {
        let rows = try statements.rows(
            "SELECT position, topic, name FROM change WHERE position > $1 ORDER BY position",
            [.integer(position)]
        )
        if let first = try rows.first?.integer(0), first > position + 1 { return nil }
        var changes: [Change] = []
        for row in rows {
            // A later hub may know more topics.
            guard let topic = Change.Topic(rawValue: try row.text(1)) else { continue }
            changes.append(
                Change(position: try row.integer(0), topic: topic, name: try row.text(2))
            )
        }
        return changes
    }
}

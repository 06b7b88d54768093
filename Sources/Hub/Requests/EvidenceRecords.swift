import Grants
import HubStorage

/// A text that proves something about a request to those who approve, and where the request came from.
struct Evidence: Hashable, Sendable {
    /// The longest text, in bytes.
    static let limit = 16 << 10

    /// The text; `nil`: none was sent.
    var text: String?
    /// The address that the request came from, as the hub saw it.
    var address: String?
    /// True if the requestor has said that a text will come.
    var isExpected = false
}

/// The rows of `evidence`, which are there as long as their requests wait, and are shown in no list and no log.
struct EvidenceRecords {
    let statements: any Statements

    func find(_ id: GrantID) throws(StorageError) -> Evidence? {
        let rows = try statements.rows(
            "SELECT content, address, expected FROM evidence WHERE request = $1",
            [.text(id.description)]
        )
        return try rows.first.map { row throws(StorageError) in
            Evidence(
                text: try row.textIfAny(0),
                address: try row.textIfAny(1),
                isExpected: try row.integer(2) != 0
            )
        }
    }

    /// Keeps the evidence of a request, in place of what was there.
    func put(_ evidence: Evidence, for id: GrantID) throws(StorageError) {
        try statements.run(
            """
            INSERT INTO evidence (request, content, address, expected) VALUES ($1, $2, $3, $4)
            ON CONFLICT (request) DO UPDATE SET content = excluded.content, address = excluded.address,
                expected = excluded.expected
            """,
            [
                .text(id.description), evidence.text.map(StoredValue.text) ?? .null,
                evidence.address.map(StoredValue.text) ?? .null,
                .integer(evidence.isExpected ? 1 : 0),
            ]
        )
    }

    func delete(_ id: GrantID) throws(StorageError) {
        try statements.run("DELETE FROM evidence WHERE request = $1", [.text(id.description)])
    }
}

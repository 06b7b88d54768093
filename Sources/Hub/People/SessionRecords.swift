import Grants
import HubStorage

/// A session in the store, by the SHA-256 of its token.
struct StoredSession: Hashable, Sendable {
    let name: String
    let key: String
    let expires: Moment
}

/// The sessions, and what works once.
struct SessionRecords {
    /// A kind of text that works once.
    enum Kind: String {
        case nonce
        case code
    }

    let statements: any Statements

    func add(_ token: String, _ session: StoredSession, at now: Moment) throws(StorageError) {
        try statements.run(
            """
            INSERT INTO session (token, name, key, is_signed, created, expires)
            VALUES ($1, $2, $3, 1, $4, $5)
            """,
            [
                .text(Secret.digest(token)), .text(session.name), .text(session.key),
                .integer(now.microseconds), .integer(session.expires.microseconds),
            ]
        )
    }

    /// The session of a token's digest; `nil` if there is none, or it is over.
    func session(_ digest: String, at now: Moment) throws(StorageError) -> StoredSession? {
        let rows = try statements.rows(
            "SELECT name, key, expires FROM session WHERE token = $1 AND expires > $2",
            [.text(digest), .integer(now.microseconds)]
        )
        guard let row = rows.first else { return nil }
        return StoredSession(
            name: try row.text(0),
            key: try row.text(1),
            expires: try row.moment(2)
        )
    }

    /// Ends a session; returns whether there was one.
    @discardableResult
    func end(_ digest: String) throws(StorageError) -> Bool {
        try statements.run("DELETE FROM session WHERE token = $1", [.text(digest)]) > 0
    }

    /// Remembers a text that works once, with its value.
    ///
    /// - Returns: `false` if it is known already.
    func remember(
        _ text: String,
        _ kind: Kind,
        value: String = "",
        until end: Moment
    ) throws(StorageError) -> Bool {
        try statements.run(
            """
            INSERT INTO once (digest, kind, value, expires) VALUES ($1, $2, $3, $4)
            ON CONFLICT (digest) DO NOTHING
            """,
            [
                .text(Secret.digest(text)), .text(kind.rawValue), .text(value),
                .integer(end.microseconds),
            ]
        ) > 0
    }

    /// Takes the value of a text that works once; `nil` if it is over, used or was never there.
    func take(_ text: String, _ kind: Kind, at now: Moment) throws(StorageError) -> String? {
        let rows = try statements.rows(
            "DELETE FROM once WHERE digest = $1 AND kind = $2 RETURNING value, expires",
            [.text(Secret.digest(text)), .text(kind.rawValue)]
        )
        guard let row = rows.first, try row.moment(1) > now else { return nil }
        return try row.text(0)
    }

    /// Removes all that is over.
    func prune(at now: Moment) throws(StorageError) {
        for table in ["session", "once"] {
            try statements.run(
                "DELETE FROM \(table) WHERE expires <= $1",
                [.integer(now.microseconds)]
            )
        }
    }
}

/// The tables of the store, as the migrations make them.
///
/// Times are microseconds since 1970, truth values 0 and 1. Both engines run the same statements.
package enum Schema {
    /// The migrations in order; a store is at version N after the first N.
    package static let migrations: [[String]] = [first, outbox]

    private static let first = [
        // What is there once: the tree of the log, the secret of nonces.
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value BYTEA NOT NULL)",

        """
        CREATE TABLE request (
            id TEXT PRIMARY KEY, position BIGINT NOT NULL UNIQUE, payload BYTEA NOT NULL, sha256 TEXT NOT NULL,
            requestor TEXT NOT NULL, asked_by TEXT NOT NULL, is_signed BIGINT NOT NULL, ticket TEXT,
            created BIGINT NOT NULL, lapses BIGINT NOT NULL, expires BIGINT NOT NULL,
            state TEXT NOT NULL, since BIGINT NOT NULL)
        """,
        "CREATE INDEX request_state ON request (state, position)",
        "CREATE INDEX request_requestor ON request (requestor, position)",
        "CREATE INDEX request_asked_by ON request (asked_by, position)",
        // The hosts of a request, in the words of its payload.
        "CREATE TABLE request_host (host TEXT NOT NULL, request TEXT NOT NULL, PRIMARY KEY (host, request))",
        """
        CREATE TABLE signature (
            request TEXT NOT NULL, sha256 TEXT NOT NULL, armor BYTEA NOT NULL, namespace TEXT NOT NULL,
            signer TEXT NOT NULL, key TEXT NOT NULL, added BIGINT NOT NULL, PRIMARY KEY (request, sha256))
        """,
        """
        CREATE TABLE decision (
            request TEXT PRIMARY KEY, kind TEXT NOT NULL, decider TEXT NOT NULL, reason TEXT NOT NULL,
            file BYTEA, made BIGINT NOT NULL)
        """,
        // What proves a request that waits to those who approve, and where it came from.
        "CREATE TABLE evidence (request TEXT PRIMARY KEY, content TEXT, address TEXT, expected BIGINT NOT NULL)",
        """
        CREATE TABLE publication (
            request TEXT NOT NULL, shelf TEXT NOT NULL, digest TEXT NOT NULL, made BIGINT NOT NULL,
            PRIMARY KEY (request, shelf))
        """,

        // The depot.
        """
        CREATE TABLE file (
            digest TEXT PRIMARY KEY, bytes BYTEA NOT NULL, closes BIGINT NOT NULL, ends BIGINT, added BIGINT NOT NULL)
        """,
        "CREATE TABLE shelf (name TEXT PRIMARY KEY, content BYTEA NOT NULL, digest TEXT NOT NULL, changed BIGINT NOT NULL)",
        "CREATE TABLE object (path TEXT PRIMARY KEY, bytes BYTEA NOT NULL, digest TEXT NOT NULL, changed BIGINT NOT NULL)",
        // What a static depot has; an empty digest: it must be looked at.
        "CREATE TABLE mirrored (path TEXT PRIMARY KEY, digest TEXT NOT NULL, since BIGINT NOT NULL)",
        // The one hub that does some work, and a number that changes as long as it does.
        "CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, turn BIGINT NOT NULL)",

        // The hosts.
        """
        CREATE TABLE status (
            host TEXT PRIMARY KEY, position BIGINT NOT NULL UNIQUE, note BYTEA NOT NULL, witness BYTEA,
            seen BIGINT NOT NULL)
        """,
        // The openings that hosts have reported; `closed` is when one was first missing.
        """
        CREATE TABLE opening (
            host TEXT NOT NULL, grant_id TEXT NOT NULL, requestor TEXT NOT NULL, opened BIGINT NOT NULL,
            deadline BIGINT NOT NULL, closed BIGINT, PRIMARY KEY (host, grant_id))
        """,
        "CREATE INDEX opening_grant ON opening (grant_id)",
        "CREATE TABLE inventory (source TEXT NOT NULL, host TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (host, source))",

        // The people.
        """
        CREATE TABLE session (
            token TEXT PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, is_signed BIGINT NOT NULL,
            created BIGINT NOT NULL, expires BIGINT NOT NULL)
        """,
        // Nonces and codes that work once, by their SHA-256.
        "CREATE TABLE once (digest TEXT PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, expires BIGINT NOT NULL)",

        // The log, and what other hubs are told.
        """
        CREATE TABLE activity (
            position BIGINT PRIMARY KEY, time BIGINT NOT NULL, event TEXT NOT NULL, request TEXT, host TEXT, actor TEXT,
            record BYTEA NOT NULL, leaf BYTEA NOT NULL)
        """,
        "CREATE INDEX activity_request ON activity (request, position)",
        "CREATE INDEX activity_host ON activity (host, position)",
        "CREATE INDEX activity_actor ON activity (actor, position)",
        "CREATE TABLE change (position BIGINT PRIMARY KEY, topic TEXT NOT NULL, name TEXT NOT NULL)",
        """
        CREATE TABLE delivery (
            id TEXT PRIMARY KEY, webhook TEXT NOT NULL, type TEXT NOT NULL, body BYTEA NOT NULL, attempts BIGINT NOT NULL,
            due BIGINT, state TEXT NOT NULL, error TEXT, created BIGINT NOT NULL)
        """,
        "CREATE INDEX delivery_due ON delivery (state, due)",
    ]

    // The messages to webhooks. Nothing has written to the table of the same name before.
    private static let outbox = [
        "DROP TABLE delivery",
        // `number` has the order, `subject` what a message is withdrawn by; of one without a use after `expires`
        // nothing is kept. A hub that sends one has claimed it until `claimed_until`.
        """
        CREATE TABLE delivery (
            id TEXT PRIMARY KEY, number BIGINT NOT NULL UNIQUE, webhook TEXT NOT NULL, type TEXT NOT NULL,
            subject TEXT, body BYTEA NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL, due BIGINT NOT NULL,
            claimed_until BIGINT NOT NULL, expires BIGINT, error TEXT, created BIGINT NOT NULL)
        """,
        "CREATE INDEX delivery_due ON delivery (webhook, state, due)",
        "CREATE INDEX delivery_state ON delivery (state, number)",
        "CREATE INDEX delivery_subject ON delivery (subject)",
    ]
}

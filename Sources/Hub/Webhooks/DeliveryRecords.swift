import Grants
import HubSettings
import HubStorage

/// A message to a webhook in the store, claimed by this hub.
struct Delivery: Hashable, Sendable {
    let id: String
    let type: String
    let body: [UInt8]
    /// The attempts that failed.
    let attempts: Int
}

/// A message that was given up.
struct DeadLetter: Hashable, Sendable {
    let id: String
    /// Its place in the order of messages.
    let number: Int64
    let webhook: String
    let type: String
    let attempts: Int64
    let error: String
    let created: Moment
}

/// The messages to webhooks in the store; one that was taken is not kept.
struct DeliveryRecords {
    /// The times between the attempts.
    static let pauses: [Duration] = [5, 30, 120, 600, 3600, 21_600].map { .seconds($0) }
    /// The time for which a hub claims a message; an attempt takes 10 s at most.
    static let claim: Duration = .seconds(60)
    /// The time for which a dead letter is kept.
    private static let kept: Duration = .seconds(30 * 86_400)

    /// The time in which a message is of use, and the words that it is withdrawn by.
    struct Use {
        let subject: String
        let due: Moment
        let until: Moment
    }

    let statements: any Statements

    // MARK: new messages

    func add(
        _ message: WebhookMessage,
        to webhook: Webhook,
        at now: Moment,
        _ use: Use? = nil
    ) throws(StorageError) {
        let last = try statements.rows("SELECT COALESCE(MAX(number), 0) FROM delivery", [])
        try statements.run(
            """
            INSERT INTO delivery (id, number, webhook, type, subject, body, state, attempts, due,
                claimed_until, expires, error, created)
            VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, $7, 0, $8, NULL, $9)
            """,
            [
                .text("msg_" + Secret.text(Secret.random(24))),
                .integer(try (last.first?.integer(0) ?? 0) + 1), .text(webhook.name),
                .text(message.type.rawValue), .text(ifAny: use?.subject),
                .bytes(message.body(as: webhook.format)), .moment(use?.due ?? now),
                use.map { .moment($0.until) } ?? .null, .moment(message.time),
            ]
        )
    }

    /// Withdraws the messages that wait and have lost their use.
    func withdraw(_ subject: String) throws(StorageError) {
        try statements.run("DELETE FROM delivery WHERE subject = $1", [.text(subject)])
    }

    // MARK: attempts

    /// The moment at which the next message of a webhook can be claimed; `nil` while none waits.
    func next(for webhook: String) throws(StorageError) -> Moment? {
        let rows = try statements.rows(
            """
            SELECT MIN(CASE WHEN claimed_until > due THEN claimed_until ELSE due END)
            FROM delivery WHERE webhook = $1 AND state = 'pending'
            """,
            [.text(webhook)]
        )
        guard let row = rows.first, !row.isNull(0) else { return nil }
        return try row.moment(0)
    }

    /// Claims the next message of a webhook that is due and of use.
    func claim(for webhook: String, at now: Moment) throws(StorageError) -> Delivery? {
        try statements.run(
            "DELETE FROM delivery WHERE webhook = $1 AND state = 'pending' AND expires <= $2",
            [.text(webhook), .moment(now)]
        )
        let rows = try statements.rows(
            """
            SELECT id, type, body, attempts FROM delivery
            WHERE webhook = $1 AND state = 'pending' AND due <= $2 AND claimed_until <= $2
            ORDER BY number LIMIT 1
            """,
            [.text(webhook), .moment(now)]
        )
        guard let row = rows.first else { return nil }
        let delivery = Delivery(
            id: try row.text(0),
            type: try row.text(1),
            body: try row.bytes(2),
            attempts: Int(clamping: try row.integer(3))
        )
        try statements.run(
            "UPDATE delivery SET claimed_until = $2 WHERE id = $1",
            [.text(delivery.id), .moment(now + Self.claim)]
        )
        return delivery
    }

    /// Gives a claimed message back that was not sent.
    func release(_ delivery: Delivery) throws(StorageError) {
        try statements.run(
            "UPDATE delivery SET claimed_until = 0 WHERE id = $1",
            [.text(delivery.id)]
        )
    }

    /// Forgets a message that was taken.
    func remove(_ delivery: Delivery) throws(StorageError) {
        try statements.run("DELETE FROM delivery WHERE id = $1", [.text(delivery.id)])
    }

    /// Puts a failure on record.
    ///
    /// - Returns: true if the message is given up.
    func fail(
        _ delivery: Delivery,
        _ reason: String,
        at now: Moment
    ) throws(StorageError) -> Bool {
        let isDead = delivery.attempts >= Self.pauses.count
        let due = isDead ? now : now + Self.pauses[delivery.attempts]
        // By its attempts, so that a hub whose claim has ended adds nothing to what another one did.
        try statements.run(
            """
            UPDATE delivery SET state = $3, attempts = attempts + 1, due = $4, claimed_until = 0, error = $5
            WHERE id = $1 AND attempts = $2 AND state = 'pending'
            """,
            [
                .text(delivery.id), .integer(Int64(delivery.attempts)),
                .text(isDead ? "dead" : "pending"), .moment(due), .text(reason),
            ]
        )
        if isDead { try forget(before: now + (.zero - Self.kept)) }
        return isDead
    }

    // MARK: dead letters

    /// The newest dead letters, those before a place in the order.
    func dead(before number: Int64?, limit: Int) throws(StorageError) -> [DeadLetter] {
        let rows = try statements.rows(
            """
            SELECT id, number, webhook, type, attempts, error, created FROM delivery
            WHERE state = 'dead' AND number < $1 ORDER BY number DESC LIMIT $2
            """,
            [.integer(number ?? .max), .integer(Int64(limit))]
        )
        return try rows.map { row throws(StorageError) in
            DeadLetter(
                id: try row.text(0),
                number: try row.integer(1),
                webhook: try row.text(2),
                type: try row.text(3),
                attempts: try row.integer(4),
                error: try row.textIfAny(5) ?? "",
                created: try row.moment(6)
            )
        }
    }

    /// Sends a dead letter again; returns false if there is no such message.
    func revive(_ id: String, at now: Moment) throws(StorageError) -> Bool {
        let changed = try statements.run(
            """
            UPDATE delivery SET state = 'pending', attempts = 0, due = $2, claimed_until = 0
            WHERE id = $1 AND state = 'dead'
            """,
            [.text(id), .moment(now)]
        )
        if changed > 0 { try ChangeRecords(statements: statements).append(.webhook, id) }
        let rows = try statements.rows("SELECT 1 FROM delivery WHERE id = $1", [.text(id)])
        return !rows.isEmpty
    }

    func discard(_ id: String) throws(StorageError) {
        try statements.run(
            "DELETE FROM delivery WHERE id = $1 AND state = 'dead'",
            [.text(id)]
        )
    }

    /// Gives up what waits for webhooks that there are no more.
    func giveUp(unlessFor webhooks: [String]) throws(StorageError) {
        let places = webhooks.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        let others = webhooks.isEmpty ? "" : " AND webhook NOT IN (\(places))"
        let values = webhooks.map(StoredValue.text)
        let pending = "state = 'pending'\(others)"
        try statements.run(
            "DELETE FROM delivery WHERE expires IS NOT NULL AND \(pending)",
            values
        )
        try statements.run(
            "UPDATE delivery SET state = 'dead', error = 'hub.toml has no such webhook' WHERE \(pending)",
            values
        )
    }

    private func forget(before moment: Moment) throws(StorageError) {
        try statements.run(
            "DELETE FROM delivery WHERE state = 'dead' AND created < $1",
            [.moment(moment)]
        )
    }
}

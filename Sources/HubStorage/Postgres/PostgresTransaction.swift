/// A transaction of PostgreSQL, for one attempt.
struct PostgresTransaction {
    enum Purpose {
        case read, write
    }

    enum Outcome<Value> {
        case done(Value)
        case failed(StorageError)
        /// Nothing was changed, and another attempt may succeed.
        case transient(PostgresFailure)
    }

    let purpose: Purpose
    let connection: PostgresConnection

    func run<Value>(
        _ body: (any Statements) throws(StorageError) -> Value
    ) -> (outcome: Outcome<Value>, isConnected: Bool) {
        do {
            try connection.execute(purpose == .read ? Self.reading : Self.writing)
        } catch {
            return (Self.outcome(error), isConnected: error.leavesConnection && rollBack())
        }
        let statements = PostgresStatements(connection)
        let result = Result { () throws(StorageError) in try body(statements) }
        switch (result, statements.failure) {
        case (.success(let value), nil):
            return purpose == .read ? finish(value) : commit(value)
        case (.failure(let error), nil):
            return (.failed(error), isConnected: rollBack())
        case (.failure(let error), let failure?) where !failure.isTransient:
            return (.failed(error), isConnected: failure.leavesConnection && rollBack())
        case (_, let failure?):
            return (Self.outcome(failure), isConnected: failure.leavesConnection && rollBack())
        }
    }

    private static let reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    /// The turn to write lasts until the commit, so each statement sees what all writers before have
    /// committed; REPEATABLE READ would see the state from before the turn.
    ///
    /// The message in the write-ahead log makes each COMMIT wait for the standby, also one that changed nothing
    /// because the call was repeated: what the first attempt left unconfirmed is then confirmed.
    private static let writing = """
        BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
        SELECT pg_advisory_xact_lock(\(turn)), pg_logical_emit_message(true, 'jitgate-hub', '')
        """

    /// The number of the advisory lock: "jitgate" in ASCII.
    private static let turn = 0x6A69_7467_6174_65

    private static func outcome<Value>(_ failure: PostgresFailure) -> Outcome<Value> {
        failure.isTransient ? .transient(failure) : .failed(StorageError(postgres: failure))
    }

    /// Returns true if the connection is of further use.
    private func rollBack() -> Bool {
        (try? connection.execute("ROLLBACK")) != nil
    }

    private func finish<Value>(_ value: Value) -> (outcome: Outcome<Value>, isConnected: Bool) {
        (.done(value), isConnected: (try? connection.execute("COMMIT")) != nil)
    }

    /// Commits, and believes it only if the server says so without a warning.
    private func commit<Value>(_ value: Value) -> (outcome: Outcome<Value>, isConnected: Bool) {
        _ = connection.link.takeNotices()
        do {
            let answer = try answerToCommit()
            let notices = connection.link.takeNotices()
            guard notices.isEmpty else {
                return (.failed(.unconfirmed(notices.joined(separator: "; "))), isConnected: false)
            }
            guard answer.tag == "COMMIT" else {
                return (
                    .failed(.broken("COMMIT was answered by \(answer.tag)")), isConnected: false
                )
            }
            return (.done(value), isConnected: true)
        } catch  where error.kind == .refused {
            return (Self.outcome(error), isConnected: rollBack())
        } catch {
            let texts = connection.link.takeNotices() + [error.text]
            return (.failed(.unconfirmed(texts.joined(separator: "; "))), isConnected: false)
        }
    }

    /// The answer to COMMIT; cancels its wait for the standby when that takes too long.
    private func answerToCommit() throws(PostgresFailure) -> PostgresAnswer {
        let (link, bounds) = (connection.link, connection.bounds)
        do {
            return try link.execute("COMMIT", within: bounds.commit)
        } catch  where error.kind == .late {
            link.cancel()
            return try link.answer(within: bounds.cancellation)
        }
    }
}

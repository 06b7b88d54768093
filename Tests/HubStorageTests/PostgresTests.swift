@testable import HubStorage
import TestSupport
import Testing

@Suite("A store of PostgreSQL", .timeLimit(.minutes(60)))
struct PostgresTests {
    private let server: PostgresServer
    private let url: String

    init() throws {
        (server, url) = try SharedServer.database()
    }

    private func open() async throws -> any Database { try await Stores.open(url, poolSize: 3) }

    @Test("waits for its standby, and hears of warnings, also where a role has other defaults")
    func demandsCommits() async throws {
        let role = "eager\(server.nameOfDatabase(url))"
        let setting = "ALTER ROLE \(role) SET"
        _ = try server.query("CREATE ROLE \(role) LOGIN SUPERUSER")
        _ = try server.query("\(setting) synchronous_commit = off")
        _ = try server.query("\(setting) client_min_messages = error")
        let url = url.replacing("user=hub", with: "user=\(role)")
        let database = try await Stores.open(url, poolSize: 2)
        let settings = try await database.write { statements throws(StorageError) in
            try ["synchronous_commit", "client_min_messages"].map { name throws(StorageError) in
                try statements.rows("SELECT current_setting($1)", [.text(name)])[0].text(0)
            }
        }
        #expect(settings == ["on", "notice"])
        await database.close()
    }

    @Test("goes on after its connections were ended, between changes and in one")
    func goesOn() async throws {
        let database = try await open()
        try await database.run("CREATE TABLE probe (n BIGINT)")
        let server = server
        let end = """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'jitgate-hub' AND datname = '\(server.nameOfDatabase(url))'
            """
        _ = try server.query(end)
        #expect(try await database.run("INSERT INTO probe VALUES (1)") == 1)
        #expect(try await database.integer("SELECT count(*) FROM probe") == 1)
        let runs = Counter()
        try await database.write { statements throws(StorageError) in
            try statements.run("INSERT INTO probe VALUES (2)", [])
            if runs.next() == 1 { _ = try? server.query(end) }
            try statements.run("INSERT INTO probe VALUES (3)", [])
        }
        #expect(runs.value == 2)
        #expect(try await database.integer("SELECT count(*) FROM probe") == 3)
        await database.close()
    }

    @Test("sends hints again after its connections were ended")
    func hintsAgain() async throws {
        let database = try await open()
        var hints = database.hints().makeAsyncIterator()
        let listeners = """
            FROM pg_stat_activity WHERE query LIKE 'LISTEN%'
            AND datname = '\(server.nameOfDatabase(url))'
            """
        await hints.next()  // it listens
        #expect(try server.query("SELECT count(pg_terminate_backend(pid)) \(listeners)") == "1")
        await hints.next()  // and again
        #expect(try server.query("SELECT count(*) \(listeners)") == "1")
        try await database.run("INSERT INTO change VALUES (1, 'shelf', 'all')")
        await hints.next()
        await database.close()
    }

    @Test("tries a change again that another one got in the way of, and not forever")
    func triesAgain() async throws {
        let database = try await open()
        try await database.run("CREATE TABLE probe (n BIGINT)")
        try await database.run("CREATE SEQUENCE attempt")
        try await database.run(
            """
            CREATE FUNCTION fail(times BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS
            'BEGIN IF nextval(''attempt'') <= times THEN RAISE serialization_failure; END IF; RETURN 0; END'
            """
        )
        let change: @Sendable (Int64) async throws(StorageError) -> Void = { times in
            try await database.write { statements throws(StorageError) in
                try statements.run("INSERT INTO probe VALUES (1)", [])
                _ = try statements.rows("SELECT fail($1)", [.integer(times)])
            }
        }
        try await change(2)
        #expect(try await database.integer("SELECT count(*) FROM probe") == 1)
        let error = await #expect(throws: StorageError.self) { try await change(1000) }
        if case .unavailable = error {} else { Issue.record("\(String(describing: error))") }
        #expect(try await database.integer("SELECT last_value FROM attempt") == 6)
        #expect(try await database.integer("SELECT count(*) FROM probe") == 1)
        await database.close()
    }

    @Test("takes its turn away from a hub that stands still, which tries again")
    func goesOnWithoutSleepers() async throws {
        let (sleeper, other) = (try await open(), try await open())
        try await sleeper.run("CREATE TABLE probe (id BIGINT)")
        let (asleep, wake, runs) = (Gate(), Gate(), Counter())
        async let late = sleeper.write { statements throws(StorageError) in
            let count = try statements.rows("SELECT count(*) FROM probe", [])[0].integer(0)
            if runs.next() == 1 {
                asleep.open()
                wake.wait()
            }
            return try statements.run("INSERT INTO probe VALUES ($1)", [.integer(count)])
        }
        await asleep.opened()
        // Also after a failure: who leaves waits for the sleeper.
        defer { wake.open() }
        try await other.run("INSERT INTO probe VALUES (0)")
        wake.open()
        #expect(try await late == 1)
        let ids = try await other.rows("SELECT id FROM probe ORDER BY id")
        #expect(ids == [Row([.integer(0)]), Row([.integer(1)])])
        for database in [sleeper, other] { await database.close() }
    }

    @Test("reads a table that has got another column")
    func readsChangedTables() async throws {
        let database = try await open()
        try await database.run("CREATE TABLE probe (n BIGINT)")
        try await database.run("INSERT INTO probe VALUES (1)")
        #expect(try await database.rows("SELECT * FROM probe") == [Row([.integer(1)])])
        try await database.run("ALTER TABLE probe ADD COLUMN name TEXT")
        #expect(try await database.rows("SELECT * FROM probe") == [Row([.integer(1), .null])])
        await database.close()
    }

    @Test("keeps a bounded number of statements prepared")
    func boundsStatements() async throws {
        let database = try await Stores.open(url, poolSize: 2)
        let count = try await database.read { statements throws(StorageError) in
            for number in 0..<1100 { _ = try statements.rows("SELECT \(number)", []) }
            return try statements.rows("SELECT count(*) FROM pg_prepared_statements", [])[0]
        }
        #expect(try (1...500).contains(count.integer(0)))
        await database.close()
    }

    @Test("gives sums as integers, and refuses what is none")
    func givesSums() async throws {
        let database = try await open()
        let sql = "SELECT CAST($1 AS NUMERIC)"
        for value: Int64 in [0, 1, -1, 9999, 10_000, 100_000_000, -120_000, .max, .min, 1_000_001] {
            #expect(try await database.rows(sql, [.integer(value)]) == [Row([.integer(value)])])
        }
        let others = [
            "0.5", "-1.25", "10000.0001", "9223372036854775808", "-1e30", "'NaN'", "'Infinity'",
        ]
        for other in others {
            await #expect(throws: StorageError.self) {
                try await database.rows("SELECT CAST(\(other) AS NUMERIC)")
            }
        }
        await database.close()
    }

    @Test("says that pg_dump copies it")
    func namesItsBackup() async throws {
        let database = try await open()
        let error = await #expect(throws: StorageError.self) { try await database.backup(to: "/x") }
        #expect(error?.description.contains("pg_dump") == true)
        await database.close()
    }

    @Test("cannot be reached without a server, and never shows its password")
    func cannotBeReached() async throws {
        for url in [
            "postgresql://hub:secret@127.0.0.1:1/hub",
            "postgresql:///hub?host=/none&password=secret",
            "postgresql://hub:secret@[::1/hub", "postgresql://hub:secret@host/hub?no=1",
        ] {
            let error = await #expect(throws: StorageError.self) {
                try await Stores.open(url, poolSize: 2)
            }
            if case .unavailable = error {} else { Issue.record("\(String(describing: error))") }
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test("has its texts in UTF-8, or is none")
    func needsUTF8() async throws {
        let name = server.nameOfDatabase(url) + "_latin"
        let options =
            "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc OWNER hub"
        _ = try server.query("CREATE DATABASE \(name) \(options)")
        let url = PostgresServer.url(of: name, on: [server])
        let error = await #expect(throws: StorageError.self) {
            try await Stores.open(url, poolSize: 2)
        }
        if case .broken = error {} else { Issue.record("\(String(describing: error))") }
    }

    @Test("refuses calls beyond those that may wait, and those that waited too long")
    func isBounded() async throws {
        let bounds = PostgresBounds(turn: .milliseconds(10), waiting: 2)
        let database = try await PostgresDatabase.open(url, poolSize: 2, bounds)
        let (held, go, queued) = (Gate(), Gate(), Counter())
        async let holder = database.read { statements throws(StorageError) in
            held.open()
            go.wait()
            return try statements.rows("SELECT 1", []).count
        }
        await held.opened()
        let errors = try await withThrowingTaskGroup(of: StorageError?.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    do throws(StorageError) {
                        _ = try await database.rows("SELECT 1")
                        return nil
                    } catch {
                        // The one that is refused at once lets the others go on, once they are too old.
                        if queued.next() == 1 {
                            try await Task.sleep(for: .milliseconds(20))
                            go.open()
                        }
                        return error
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors.count { $0 != nil } == 3)
        #expect(try await holder == 1)
        #expect(try await database.rows("SELECT 1").count == 1)
        await database.close()
    }
}

import HubStorage
import Testing

/// Transactions side by side, and what they tell each other, with each engine.
@Suite("Users of a store at once", .timeLimit(.minutes(60)))
struct TurnTests {
    @Test("take turns to write, so no change is lost", arguments: Engine.allCases)
    func takeTurns(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let hubs = [try await store.open(), try await store.open()]
        try await hubs[0].run("CREATE TABLE probe (n BIGINT NOT NULL)")
        try await hubs[0].run("INSERT INTO probe VALUES (0)")
        let seen = try await withThrowingTaskGroup(of: Int64.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try await hubs[number % 2].write { statements throws(StorageError) in
                        let n = try statements.rows("SELECT n FROM probe", [])[0].integer(0) + 1
                        try statements.run("UPDATE probe SET n = $1", [.integer(n)])
                        return n
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(seen.sorted() == Array(1...100))
        #expect(try await hubs[1].integer("SELECT n FROM probe") == 100)
        for hub in hubs { await hub.close() }
    }

    @Test("read one state, while others change it", arguments: Engine.allCases)
    func readOneState(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (n BIGINT NOT NULL)")
        let (changed, change) = (Gate(), Gate())
        async let seen = database.read { statements throws(StorageError) in
            let before = try statements.rows("SELECT count(*) FROM probe", [])
            change.open()
            changed.wait()
            return before == (try statements.rows("SELECT count(*) FROM probe", []))
        }
        await change.opened()
        defer { changed.open() }
        try await database.run("INSERT INTO probe VALUES (1)")
        changed.open()
        #expect(try await seen)
        #expect(try await database.integer("SELECT count(*) FROM probe") == 1)
        await database.close()
    }

    @Test("hear of each other's rows of change", arguments: Engine.allCases)
    func hear(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let (writer, reader) = (try await store.open(), try await store.open())
        var (own, others) = (writer.hints().makeAsyncIterator(), reader.hints().makeAsyncIterator())
        for position in 1...3 {
            try await writer.write { statements throws(StorageError) in
                try statements.run(
                    "INSERT INTO change VALUES ($1, 'shelf', 'all')",
                    [.integer(Int64(position))]
                )
            }
            // Each is there once the hint is; PostgreSQL may send one more at its start.
            repeat { await others.next() } while try await reader.integer(last) != Int64(position)
            await own.next()
        }
        await writer.close()
        await reader.close()
        while await others.next() != nil {}
    }

    private let last = "SELECT max(position) FROM change"

    @Test("make its tables once, if they start at once", arguments: Engine.allCases)
    func migrateOnce(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let url = store.url
        let hubs = try await withThrowingTaskGroup(of: (any Database).self) { group in
            for _ in 0..<4 { group.addTask { try await Stores.open(url, poolSize: 2) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for hub in hubs {
            let versions = try await hub.rows("SELECT version FROM schema_version")
            #expect(versions == [Row([.integer(Int64(Schema.migrations.count))])])
            #expect(try await hub.integer("SELECT count(*) FROM request") == 0)
            await hub.close()
        }
    }

    @Test("refuse it once a later version has changed it", arguments: Engine.allCases)
    func refuseLater(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("UPDATE schema_version SET version = version + 1")
        await database.close()
        let later = Int64(Schema.migrations.count) + 1
        await #expect(throws: StorageError.tooNew(version: later)) { try await store.open() }
    }

    @Test(
        "get an error once it is closed, and not before they have ended",
        arguments: Engine.allCases
    )
    func end(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (n BIGINT NOT NULL)")
        let started = Gate()
        async let written = database.write { statements throws(StorageError) in
            started.open()
            return try statements.run("INSERT INTO probe VALUES (1)", [])
        }
        await started.opened()
        await database.close()
        #expect(try await written == 1)
        await #expect(throws: StorageError.self) { try await database.rows("SELECT 1") }
        await #expect(throws: StorageError.self) { try await database.run("SELECT 1") }
    }
}

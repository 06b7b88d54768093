import Grants
import HubStorage
import Testing

/// The contract of `Database`, with each engine.
@Suite("A store")
struct StoreTests {
    @Test(
        "gives back what was written, also nothing, all bytes and any script",
        arguments: Engine.allCases
    )
    func givesBack(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (id BIGINT, name TEXT, content BYTEA)")
        let written: [[StoredValue]] = [
            [.integer(1), .text("Zoë 你好 🎉 'quoted' \"$1\" %"), .bytes(Array(0...255))],
            [.integer(.max), .text(""), .bytes([])],
            [.integer(.min), .null, .null],
            [.null, .text("a\nb\tc\u{1}"), .bytes([0])],
        ]
        for values in written {
            #expect(try await database.run("INSERT INTO probe VALUES ($1, $2, $3)", values) == 1)
        }
        let rows = try await database.rows("SELECT id, name, content FROM probe")
        #expect(rows == written.map(Row.init))
        await database.close()
    }

    @Test("reads parameters by number, and dollars in texts as such", arguments: Engine.allCases)
    func numbersParameters(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (a TEXT, b BIGINT, c TEXT)")
        try await database.run(
            "INSERT INTO probe VALUES ($2, $1, '$1''$2')",
            [.integer(7), .text("x")]
        )
        let rows = try await database.rows(
            "SELECT a, b, c, $2 FROM probe WHERE a = $1 AND ($2 = a OR a = $1)",
            [.text("x"), .text("y")]
        )
        #expect(rows == [Row([.text("x"), .integer(7), .text("$1'$2"), .text("y")])])
        await database.close()
    }

    @Test("counts, adds and compares alike", arguments: Engine.allCases)
    func computes(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (id BIGINT PRIMARY KEY, name TEXT)")
        for (id, name) in [(5, "a"), (40_000, "B"), (-90_000_000_000, "b")] {
            try await database.run(
                "INSERT INTO probe VALUES ($1, $2)",
                [.integer(Int64(id)), .text(name)]
            )
        }
        let sums = "SELECT count(*), sum(id), max(id), sum(id) - sum(id), 1 FROM probe"
        let expected = [3, -89_999_959_995, 40_000, 0, 1].map { StoredValue.integer(Int64($0)) }
        #expect(try await database.rows(sums) == [Row(expected)])
        #expect(
            try await database.rows("SELECT id = 5 FROM probe WHERE name = 'a'") == [
                Row([.integer(1)])
            ]
        )
        #expect(try await database.rows("SELECT sum(id) FROM probe WHERE id = 0") == [Row([.null])])
        await database.close()
    }

    @Test("compares texts by their bytes", arguments: Engine.allCases)
    func compares(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        for host in ["a-b", "B", "ab", "é", "a_"] {
            try await database.run("INSERT INTO inventory VALUES ('s', $1, '')", [.text(host)])
        }
        let hosts = try await database.rows("SELECT host FROM inventory ORDER BY host")
        #expect(hosts == ["B", "a-b", "a_", "ab", "é"].map { Row([.text($0)]) })
        let like = "SELECT host FROM inventory WHERE host LIKE $1 ESCAPE '\\'"
        #expect(try await database.rows(like, [.text("b%")]).isEmpty)
        #expect(try await database.rows(like, [.text("a\\_%")]) == [Row([.text("a_")])])
        await database.close()
    }

    @Test("takes nothing where a value is missing, and one later", arguments: Engine.allCases)
    func takesNulls(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (id BIGINT, name TEXT)")
        let sql = "INSERT INTO probe VALUES ($1, $2)"
        for values: [StoredValue] in [
            [.null, .text("x")], [.integer(1), .null], [.integer(2), .text("y")],
        ] {
            try await database.run(sql, values)
        }
        let counting = "SELECT count(*) FROM probe WHERE name = $1 OR $1 IS NULL"
        let all = try await database.rows(counting, [.null])
        let some = try await database.rows(counting, [.text("y")])
        #expect((all, some) == ([Row([.integer(3)])], [Row([.integer(1)])]))
        await database.close()
    }

    @Test("says how many rows a change had", arguments: Engine.allCases)
    func counts(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (id BIGINT PRIMARY KEY, n BIGINT)")
        let insertion = "INSERT INTO probe VALUES ($1, 0) ON CONFLICT DO NOTHING"
        #expect(try await database.run(insertion, [.integer(1)]) == 1)
        #expect(try await database.run(insertion, [.integer(1)]) == 0)
        #expect(try await database.run(insertion, [.integer(2)]) == 1)
        #expect(try await database.run("UPDATE probe SET n = n + 1") == 2)
        let returned = try await database.write { statements throws(StorageError) in
            try statements.rows("DELETE FROM probe WHERE id = $1 RETURNING n", [.integer(2)])
        }
        #expect(returned == [Row([.integer(1)])])
        #expect(try await database.run("DELETE FROM probe WHERE id = $1", [.integer(2)]) == 0)
        await database.close()
    }

    @Test("refuses a text with a NUL instead of cutting it off", arguments: Engine.allCases)
    func refusesNUL(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (name TEXT)")
        await #expect(throws: StorageError.broken("a text with a NUL cannot be stored")) {
            try await database.run("INSERT INTO probe VALUES ($1)", [.text("a\u{0}b")])
        }
        #expect(try await database.integer("SELECT count(*) FROM probe") == 0)
        await database.close()
    }

    @Test("undoes all of a change that throws", arguments: Engine.allCases)
    func undoes(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (id BIGINT PRIMARY KEY)")
        await #expect(throws: StorageError.full("enough")) {
            try await database.write { statements throws(StorageError) in
                try statements.run("INSERT INTO probe VALUES (1)", [])
                throw .full("enough")
            }
        }
        #expect(try await database.integer("SELECT count(*) FROM probe") == 0)
        await database.close()
    }

    @Test(
        "undoes a change of which one statement failed, even if it went on",
        arguments: Engine.allCases
    )
    func undoesFailures(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (id BIGINT PRIMARY KEY)")
        await #expect(throws: StorageError.self) {
            try await database.write { statements throws(StorageError) in
                try statements.run("INSERT INTO probe VALUES (1)", [])
                _ = try? statements.run("INSERT INTO probe VALUES (1)", [])
            }
        }
        #expect(try await database.integer("SELECT count(*) FROM probe") == 0)
        try await database.run("INSERT INTO probe VALUES (1)")
        await database.close()
    }

    @Test("changes nothing by reading", arguments: Engine.allCases)
    func readsOnly(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (id BIGINT)")
        await #expect(throws: StorageError.self) {
            try await database.read { statements throws(StorageError) in
                try statements.run("INSERT INTO probe VALUES (1)", [])
            }
        }
        #expect(try await database.integer("SELECT count(*) FROM probe") == 0)
        await database.close()
    }

    @Test("has its values by column, each of its kind", arguments: Engine.allCases)
    func givesKinds(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        try await database.run("CREATE TABLE probe (t BIGINT, name TEXT, content BYTEA)")
        let moment = Moment(microseconds: 1_795_867_200_123_456)
        try await database.run(
            "INSERT INTO probe VALUES ($1, $2, $3)",
            [.integer(moment.microseconds), .null, .bytes([1])]
        )
        let row = try #require(try await database.rows("SELECT t, name, content FROM probe").first)
        #expect(try row.moment(0) == moment)
        #expect(try row.textIfAny(1) == nil)
        #expect(row.isNull(1) && !row.isNull(0))
        #expect(try row.bytes(2) == [1])
        for column in 0...2 {
            #expect(throws: StorageError.self) { try row.text(column) }
        }
        await database.close()
    }

    @Test("is broken where a column has another type", arguments: Engine.allCases)
    func checksTypes(engine: Engine) async throws {
        let store = try await TestStore(engine)
        let database = try await store.open()
        await #expect(throws: StorageError.self) { try await database.rows("SELECT 0.5") }
        await #expect(throws: StorageError.self) { try await database.rows("SELECT no FROM where") }
        await #expect(throws: StorageError.self) {
            try await database.rows("SELECT 'x'")[0].integer(0)
        }
        await database.close()
    }
}

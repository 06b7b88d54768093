import Foundation
import HubStorage
import TestSupport
import Testing

@Suite("A store of SQLite")
struct SQLiteTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func open(_ name: String = "hub.db") async throws -> any Database {
        try await Stores.open("sqlite:\(folder.path)/\(name)", poolSize: 3)
    }

    @Test("is on disk when a change returns")
    func isDurable() async throws {
        let database = try await open()
        let mode = try await database.write { statements throws(StorageError) in
            try ["synchronous", "journal_mode", "foreign_keys"].map { name throws(StorageError) in
                try statements.rows("PRAGMA \(name)", [])[0]
            }
        }
        #expect(mode == [Row([.integer(2)]), Row([.text("wal")]), Row([.integer(1)])])
        await database.close()
    }

    @Test("is copied while others write, and the copy is one state in one file")
    func isCopied() async throws {
        let database = try await open()
        try await database.run("CREATE TABLE probe (a BIGINT NOT NULL, b BIGINT NOT NULL)")
        try await database.run("INSERT INTO probe VALUES (0, 0)")
        let copies = try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    while !Task.isCancelled {
                        try await database.write { statements throws(StorageError) in
                            try statements.run("UPDATE probe SET a = a + 1", [])
                            try statements.run("UPDATE probe SET b = b + 1", [])
                        }
                    }
                }
            }
            for number in 0..<10 {
                try await database.backup(to: "\(folder.path)/copy\(number % 2)")
            }
            group.cancelAll()
            try await group.waitForAll()
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        }
        #expect(copies.filter { $0.hasPrefix("copy") }.sorted() == ["copy0", "copy1"])
        let copy = try await open("copy1")
        #expect(try await copy.integer("SELECT count(*) FROM probe WHERE a = b AND a > 0") == 1)
        #expect(try await copy.rows("PRAGMA integrity_check") == [Row([.text("ok")])])
        for database in [copy, database] { await database.close() }
    }

    @Test("says so if a copy cannot be made")
    func saysOfCopies() async throws {
        let database = try await open()
        await #expect(throws: StorageError.self) {
            try await database.backup(to: folder.path + "/none/copy")
        }
        try FileManager.default.createDirectory(
            atPath: folder.path + "/there",
            withIntermediateDirectories: false
        )
        await #expect(throws: StorageError.self) {
            try await database.backup(to: folder.path + "/there")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!files.contains { $0.hasSuffix(".partial") })
        await database.close()
    }

    @Test("says that the disk is full, and goes on when there is room")
    func canBeFull() async throws {
        let disk = try SmallDisk(at: folder.path, kibibytes: 2048)
        let database = try await open()
        try await database.run("CREATE TABLE probe (content BYTEA)")
        try disk.fill(leaving: 64)
        let content = [StoredValue.bytes(Array(repeating: 7, count: 256 << 10))]
        let sql = "INSERT INTO probe VALUES ($1)"
        let error = await #expect(throws: StorageError.self) {
            try await database.run(sql, content)
        }
        if case .full = error {} else { Issue.record("\(String(describing: error))") }
        #expect(try await database.integer("SELECT count(*) FROM probe") == 0)
        try disk.empty()
        #expect(try await database.run(sql, content) == 1)
        await database.close()
        disk.remove()
    }

    @Test("is no file of another kind or program")
    func isNothingElse() async throws {
        try Data(repeating: 65, count: 8192).write(to: URL(filePath: folder.path + "/text"))
        let sql = "CREATE TABLE theirs (x)"
        _ = try Command.run(["sqlite3", folder.path + "/other", sql])
        for name in ["text", "other"] {
            let error = await #expect(throws: StorageError.self) { try await open(name) }
            if case .broken = error {} else { Issue.record("\(String(describing: error))") }
        }
        let tables = try Command.run(["sqlite3", folder.path + "/other", ".tables"])
        #expect(tables.text == "theirs\n")
    }

    @Test("is named by a URL with a path")
    func isNamed() async throws {
        for url in ["sqlite:", "mysql://secret@host/x", "/var/lib/hub.db", "sqlite:/none/x/y"] {
            let error = await #expect(throws: StorageError.self) {
                try await Stores.open(url, poolSize: 2)
            }
            if case .unavailable = error {} else { Issue.record("\(String(describing: error))") }
            #expect(error?.description.contains("secret") == false)
        }
    }
}

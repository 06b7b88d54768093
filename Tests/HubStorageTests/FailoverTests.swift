@testable import HubStorage
import Synchronization
import TestSupport
import Testing

/// A primary and its synchronous standby, and hubs that know both.
@Suite("A pair of servers", .timeLimit(.minutes(60)))
struct FailoverTests {
    private let primary: PostgresServer
    private let standby: PostgresServer
    private let url: String

    init() throws {
        primary = try PostgresServer()
        _ = try primary.createDatabase("hub")
        standby = try primary.synchronousStandby()
        url = PostgresServer.url(of: "hub", on: [primary, standby])
    }

    private func open() async throws -> any Database {
        try await PostgresDatabase.open(url, poolSize: 3, PostgresBounds(commit: .seconds(1)))
    }

    @Test("loses and doubles no acknowledged change when the primary dies under load")
    func failsOver() async throws {
        let hubs = [try await open(), try await open()]
        try await hubs[0].run("CREATE TABLE probe (id BIGINT)")
        let acknowledged = Acknowledged()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    for number in 0..<150 {
                        let id = Int64(worker * 1000 + number)
                        try await insert(id, by: hubs[worker % 2])
                        acknowledged.add(id)
                    }
                }
            }
            await acknowledged.reached(200)
            primary.kill()
            try standby.promote()
            try await group.waitForAll()
        }
        let rows = try standby.query("SELECT id FROM probe ORDER BY id", in: "hub")
        #expect(rows == acknowledged.sorted.map(String.init).joined(separator: "\n"))
        #expect(acknowledged.sorted.count == 900)
        for hub in hubs { await hub.close() }
    }

    /// What a client does: it repeats the same call until it is done.
    private func insert(_ id: Int64, by hub: any Database) async throws {
        var isDone = false
        while !isDone {
            do throws(StorageError) {
                try await hub.write { statements throws(StorageError) in
                    let sql = "SELECT 1 FROM probe WHERE id = $1"
                    if try statements.rows(sql, [.integer(id)]).isEmpty {
                        try statements.run("INSERT INTO probe VALUES ($1)", [.integer(id)])
                    }
                }
                isDone = true
            } catch {
                switch error {
                case .unavailable, .unconfirmed: try await Task.sleep(for: .milliseconds(50))
                default: throw error
                }
            }
        }
    }

    @Test("confirms nothing without its standby, also no repetition, and does when it is back")
    func waitsForItsStandby() async throws {
        let hub = try await open()
        try await hub.run("CREATE TABLE probe (id BIGINT)")
        standby.stop()
        let insertion: @Sendable () async throws(StorageError) -> Void = {
            try await hub.write { statements throws(StorageError) in
                if try statements.rows("SELECT 1 FROM probe", []).isEmpty {
                    try statements.run("INSERT INTO probe VALUES (1)", [])
                }
            }
        }
        for _ in 0..<2 {
            let error = await #expect(throws: StorageError.self) { try await insertion() }
            if case .unconfirmed = error {} else { Issue.record("\(String(describing: error))") }
            // It is there, at the primary alone.
            #expect(try await hub.integer("SELECT count(*) FROM probe") == 1)
        }
        try standby.start()
        try primary.waitForStandby()
        try await insertion()
        #expect(try standby.query("SELECT count(*) FROM probe", in: "hub") == "1")
        await hub.close()
    }

    @Test("does not acknowledge a change that only the dead primary has")
    func believesNoDeadPrimary() async throws {
        let hub = try await Stores.open(url, poolSize: 2)
        try await hub.run("CREATE TABLE probe (id BIGINT)")
        standby.stop()
        let written = Task { try await hub.run("INSERT INTO probe VALUES (1)") }
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        try primary.wait(until: waits, is: "1")
        primary.kill()
        let error = await #expect(throws: StorageError.self) { try await written.value }
        if case .unconfirmed = error {} else { Issue.record("\(String(describing: error))") }
        try standby.start()
        try standby.promote()
        #expect(try await hub.integer("SELECT count(*) FROM probe") == 0)
        #expect(try await hub.run("INSERT INTO probe VALUES (1)") == 1)
        await hub.close()
    }

    @Test("is unavailable until one takes changes")
    func needsAPrimary() async throws {
        let standbyAlone = PostgresServer.url(of: "hub", on: [standby])
        let error = await #expect(throws: StorageError.self) {
            try await Stores.open(standbyAlone, poolSize: 2)
        }
        if case .unavailable = error {} else { Issue.record("\(String(describing: error))") }
        let hub = try await open()
        primary.kill()
        for _ in 0..<2 {
            await #expect(throws: StorageError.self) { try await hub.run("DELETE FROM change") }
            await #expect(throws: StorageError.self) { try await hub.rows("SELECT 1") }
        }
        try standby.promote()
        #expect(try await hub.run("DELETE FROM change") == 0)
        #expect(try await hub.rows("SELECT 1").count == 1)
        await hub.close()
    }

    @Test("sends hints of its new primary")
    func hintsAfterFailover() async throws {
        let hub = try await open()
        var hints = hub.hints().makeAsyncIterator()
        await hints.next()
        primary.kill()
        try standby.promote()
        await hints.next()
        let writer = try await open()
        try await writer.run("INSERT INTO change VALUES (1, 'shelf', 'all')")
        await hints.next()
        #expect(try await hub.integer("SELECT max(position) FROM change") == 1)
        for database in [hub, writer] { await database.close() }
    }
}

/// The changes that were acknowledged.
private final class Acknowledged: Sendable {
    private struct State {
        var ids: [Int64] = []
        var awaited: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    var sorted: [Int64] { state.withLock { $0.ids.sorted() } }

    func add(_ id: Int64) {
        state.withLock { state in
            state.ids.append(id)
            guard let awaited = state.awaited, state.ids.count >= awaited.count else { return }
            state.awaited = nil
            awaited.continuation.resume()
        }
    }

    /// Waits until there are so many; for one caller.
    func reached(_ count: Int) async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                guard state.ids.count < count else { return continuation.resume() }
                state.awaited = (count, continuation)
            }
        }
    }
}

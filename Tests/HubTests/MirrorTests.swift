import Depot
import FetchSettings
import Foundation
import Grants
import HubSettings
import HubStorage
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import Hub

/// The static depot that the hub keeps as its own is.
struct MirrorTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private var root: String { folder.path + "/static" }

    private func makeRoot() throws {
        try FileManager.default.createDirectory(
            atPath: root,
            withIntermediateDirectories: true
        )
    }

    private func eventually(
        _ what: String,
        within time: Duration = .seconds(60),
        _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + time
        while try await !condition() {
            guard ContinuousClock.now < end else { throw CommandFailure("never: \(what)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Returns whether a directory has what the store has, and every line its file.
    private func isMirrored(_ root: String, of database: any Database) async throws -> Bool {
        try await isMirrored(root, shelves(of: database))
    }

    private func isMirrored(_ root: String, _ shelves: [String: [UInt8]]) -> Bool {
        let isSame = shelves.allSatisfy { name, index in
            let path = "\(root)/shelves/\(name)/index"
            return FileManager.default.contents(atPath: path).map(Array.init) == index
        }
        return isSame && !shelves.isEmpty && isConsistent(root)
    }

    /// The indexes of a store by the names of their shelves.
    private func shelves(of database: any Database) async throws -> [String: [UInt8]] {
        let rows = try await database.read { statements throws(StorageError) in
            try statements.rows("SELECT name, content FROM shelf", [])
        }
        return try rows.reduce(into: [:]) { $0[try $1.text(0)] = try $1.bytes(1) }
    }

    /// Returns whether every line of every index names a file that is there and has its digest.
    private func isConsistent(_ root: String) -> Bool {
        let shelves =
            (try? FileManager.default.contentsOfDirectory(atPath: root + "/shelves")) ?? []
        for shelf in shelves {
            let path = "\(root)/shelves/\(shelf)/index"
            guard let index = FileManager.default.contents(atPath: path) else { continue }
            guard let lines = try? ShelfIndex(parsing: Array(index)).lines else { return false }
            for line in lines {
                let file = "\(root)/files/\(line.digest.fileName)"
                let bytes = FileManager.default.contents(atPath: file).map(Array.init) ?? []
                guard StoredDepotObject(bytes).digest == line.digest.description else {
                    return false
                }
            }
        }
        return true
    }

    private func metrics(_ hub: RunningHub) async throws -> String {
        try await hub.call("GET", "/metrics").text
    }

    @Test func `what is published is in the directory too, and idle it is left alone`() async throws
    {
        try makeRoot()
        let hub = try await RunningHub(settings: "publish = \"\(root)\"")
        try await hub.put("one", on: ["web-1", "all"])
        let database = hub.parts.database
        try await eventually("one is there") { try await isMirrored(root, of: database) }
        try await hub.put("two", on: ["all"])
        try await eventually("two is there") { try await isMirrored(root, of: database) }
        try await eventually("the lease is given back") {
            try await database.read { statements throws(StorageError) in
                try MirrorRecords(statements: statements).lease()?.holder == ""
            }
        }
        #expect(try await !metrics(hub).contains("publish_behind"))
        #expect(try await hub.call("GET", "/healthz").text == "ok\n")
        try await hub.stop()
    }

    @Test func `nginx gets it by PUT, and what it missed when it was away`() async throws {
        let depot = try NginxDepot()
        let root = depot.path + "/www/jitgate"
        let hub = try await RunningHub(
            settings: """
                publish = "\(depot.url)"
                publish_ca = "\(depot.path)/ca.pem"
                publish_certificate = "\(depot.path)/client.pem"
                """
        )
        let database = hub.parts.database
        try await hub.put("one", on: ["web-1", "all"])
        try await eventually("one is there") { try await isMirrored(root, of: database) }
        depot.stop()
        try await hub.put("two", on: ["web-2", "all"])
        try await eventually("it is told") {
            let text = try await metrics(hub)
            return text.contains("publish_behind_timestamp_seconds 1")
                && !text.contains("publish_failures_total 0")
        }
        #expect(try await hub.call("GET", "/healthz").text.contains("is behind since"))
        #expect(try await hub.call("GET", "/shelves/web-2/index").status == 200)
        try depot.start()
        try await eventually("two is there", within: .seconds(120)) {
            try await isMirrored(root, of: database)
        }
        try await eventually("nothing is behind") {
            try await !metrics(hub).contains("publish_behind")
        }
        try await hub.stop()
    }

    @Test(arguments: [true, false])
    func `a store that checks signatures gets it, also all again once it lost something`(
        knowsConditions: Bool
    ) async throws {
        let store = try S3Store(knowsConditions: knowsConditions)
        let hub = try await RunningHub(
            settings: """
                publish = "\(store.url)"
                publish_credentials = "\(store.keysPath)"
                """
        )
        let database = hub.parts.database
        for number in 0..<5 { try await hub.put("file-\(number)", on: ["web-\(number)", "all"]) }
        try await eventually("all are there") { try await isMirrored(store.root, of: database) }
        try FileManager.default.removeItem(atPath: store.root)
        // The change of one shelf shows that all is gone.
        try await hub.put("new", on: ["all"])
        try await eventually("all are back") { try await isMirrored(store.root, of: database) }
        // An older index is there, as after a restored copy.
        let index = store.root + "/shelves/all/index"
        let old = try #require(FileManager.default.contents(atPath: index)).dropLast(70)
        try await hub.put("newer", on: ["all"])
        try await eventually("it is there") { try await isMirrored(store.root, of: database) }
        try old.prefix(0).write(to: URL(filePath: index))
        try await hub.put("newest", on: ["all"])
        try await eventually("it is whole") { try await isMirrored(store.root, of: database) }
        try await hub.stop()
    }

    @Test(arguments: ["before", "after"])
    func `a hub that is killed at any request leaves no line without its file, and goes on`(
        when: String
    ) async throws {
        let store = try S3Store()
        let place = try HubPlace(
            "publish = \"\(store.url)\"\npublish_credentials = \"\(store.keysPath)\""
        )
        var number = 1
        while number < 40 {
            let database = try await Stores.open("sqlite:" + place.path("hub.db"), poolSize: 2)
            for name in ["r\(number)", "g\(number)"] {
                try await database.put(name, on: ["web-\(number)", "all"])
            }
            let shelves = try await shelves(of: database)
            await database.close()
            var isHeld = false
            try store.holding(number, when) { held in
                let process = try place.start()
                let end = Date() + 30
                while !held(), !isMirrored(store.root, shelves), Date() < end { usleep(20_000) }
                isHeld = held()
                process.end()
            }
            #expect(isConsistent(store.root))
            let process = try place.start()
            try await eventually("all is there") { isMirrored(store.root, shelves) }
            process.end()
            if !isHeld { break }
            number += 3
        }
        #expect(number > 6, "the requests of a run were not all tried")
    }

    @Test func `of two hubs one writes, and the other goes on when that is gone`() async throws {
        try makeRoot()
        let hub = try await RunningHub()
        let database = hub.parts.database
        let first = try mirror(of: hub, state: "first")
        let second = try mirror(of: hub, state: "second")
        let logger = Logger(label: "mirror") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: first)], logger: logger)
        )
        let running = Task { try await group.run() }
        let other = ServiceGroup(
            configuration: .init(services: [.init(service: second)], logger: logger)
        )
        let waiting = Task { try await other.run() }
        for number in 0..<20 {
            try await hub.put("n\(number)", on: ["all", "web-\(number % 3)"])
            #expect(isConsistent(root))
        }
        try await eventually("all are there") { try await isMirrored(root, of: database) }
        // A hub that has the lease and is gone: nobody gives it back.
        try await database.write { statements throws(StorageError) in
            try statements.run("UPDATE lease SET holder = 'gone', turn = turn + 1", [])
        }
        try await hub.put("late", on: ["all"])
        try await eventually("it is taken") { try await isMirrored(root, of: database) }
        try await hub.stop()
        for (group, task) in [(group, running), (other, waiting)] {
            await group.triggerGracefulShutdown()
            try? await task.value
        }
    }

    @Test func `a lease is one hub's until it is given back, or was not renewed for its time`()
        async throws
    {
        let database = try await Stores.open("sqlite:" + folder.path + "/hub.db", poolSize: 2)
        let times = MirrorLease.Times(
            length: .milliseconds(400),
            renewal: .milliseconds(50),
            margin: .milliseconds(100)
        )
        let names = try ["a", "b"].map { name in
            let state = folder.path + "/" + name
            try FileManager.default.createDirectory(
                atPath: state,
                withIntermediateDirectories: true
            )
            return HubName(state: state)
        }
        let (one, two) = (
            MirrorLease(database, of: names[0], times: times),
            MirrorLease(database, of: names[1], times: times)
        )
        #expect(try await one.hold() != nil)
        #expect(try await two.hold() == nil)
        try await one.giveBack()
        #expect(try await two.hold() != nil)
        #expect(try await one.hold() == nil)
        // The same place under a new process has the same name; beside a process that lives, it has not.
        #expect(HubName(state: folder.path + "/a").text != names[0].text)
        try await eventually("it lapses") { try await one.hold() != nil }
        #expect(try await two.hold() == nil)
        await database.close()
    }

    private func mirror(of hub: RunningHub, state: String) throws -> DepotMirror {
        let path = folder.path + "/" + state
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
        var times = DepotMirror.Times()
        times.lease = MirrorLease.Times(
            length: .seconds(3),
            renewal: .milliseconds(500),
            margin: .milliseconds(500)
        )
        return DepotMirror(
            try StaticDepot(HubConfiguration.Publish(.directory(root))),
            hub.parts.database,
            hub.parts.changes,
            hub.parts.people,
            of: HubName(state: path),
            counters: HubCounters(),
            logger: Logger(label: "mirror") { _ in SwiftLogNoOpLogHandler() },
            times: times,
            now: { .wall }
        )
    }
}

extension RunningHub {
    fileprivate func put(_ text: String, on shelves: [String]) async throws {
        try await parts.database.put(text, on: shelves)
    }
}

extension Database {
    /// Publishes a text as the file of a shelf.
    fileprivate func put(_ text: String, on shelves: [String]) async throws {
        let bytes = Array(text.utf8)
        let digest = try #require(ObjectDigest(StoredDepotObject(bytes).digest))
        let publication = Publication(
            bytes,
            line: ShelfLine(digest, name: text),
            facts: PostedFile(closes: false, end: nil),
            shelves: try shelves.map { try #require(ShelfName($0)) },
            request: nil
        )
        try await write { statements throws(StorageError) in
            _ = try Publisher(statements, at: .wall).publish(publication)
        }
    }
}

/// The files of a hub that runs as a process.
private struct HubPlace {
    let folder: TemporaryDirectory

    init(_ more: String) throws {
        folder = try TemporaryDirectory()
        let people = try HubPerson("dana").line + "\n"
        try people.write(toFile: path("signers"), atomically: true, encoding: .utf8)
        let settings = """
            url = "https://hub.test"
            listen = "unix:\(path("http"))"
            store = "sqlite:\(path("hub.db"))"
            state = "\(folder.path)"
            allowed_signers = "\(path("signers"))"
            \(more)

            """
        try settings.write(toFile: path("hub.toml"), atomically: true, encoding: .utf8)
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    func start() throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: AgentHost.build + "jitgate-hub")
        process.arguments = ["--config", path("hub.toml")]
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}

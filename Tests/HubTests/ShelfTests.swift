import Depot
import Foundation
import Grants
import HubStorage
import Synchronization
import TestSupport
import Testing

@testable import Hub

/// The shelves of the hub, over HTTP and by long poll.
struct ShelfTests {
    private func publish(
        _ text: String,
        on shelves: [String],
        closes: Bool = false,
        request: GrantID? = nil,
        ends: Moment? = nil,
        to hub: RunningHub
    ) async throws -> (digest: ObjectDigest, result: Publication.Result) {
        let bytes = Array(text.utf8)
        let digest = try #require(ObjectDigest(StoredDepotObject(bytes).digest))
        let name = closes ? "revocation-\(text)" : text
        let publication = Publication(
            bytes,
            line: ShelfLine(digest, name: name),
            facts: PostedFile(closes: closes, end: ends),
            shelves: try shelves.map { try #require(ShelfName($0)) },
            request: request
        )
        let result = try await hub.parts.database.write { statements throws(StorageError) in
            try Publisher(statements, at: .wall).publish(publication)
        }
        return (digest, result)
    }

    /// Asks until the answer is as wanted: what is committed is there as soon as the hub has heard of it.
    private func eventually(
        _ what: String,
        _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            guard ContinuousClock.now < end else { throw CommandFailure("never: \(what)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func `what is published is on its shelves, with an ETag`() async throws {
        let hub = try await RunningHub()
        #expect(try await hub.call("GET", "/shelves/web-1/index").status == 404)
        let (digest, result) = try await publish("one", on: ["web-1", "all"], to: hub)
        #expect(result.listed.map(\.description) == ["web-1", "all"])
        #expect(result.new == result.listed)
        try await eventually("the shelf") {
            try await hub.call("GET", "/shelves/web-1/index").status == 200
        }
        let index = try await hub.call("GET", "/shelves/web-1/index")
        #expect(index.text == "\(digest)  one.grant\n")
        let tag = try #require(index.headers["etag"])
        #expect(tag == "\"\(StoredDepotObject(index.body).digest)\"")
        let same = try await hub.call(
            "GET",
            "/shelves/web-1/index",
            headers: [("If-None-Match", tag)]
        )
        #expect(same.status == 304 && same.body.isEmpty && same.headers["etag"] == tag)
        let file = try await hub.call("GET", "/files/\(digest.fileName)")
        #expect(file.text == "one" && file.headers["etag"] == "\"\(digest)\"")
        #expect(try await hub.call("GET", "/files/nonsense.grant").status == 404)
        #expect(try await hub.call("GET", "/bulletin").status == 404)
        // Once more changes nothing.
        let again = try await publish("one", on: ["web-1", "all"], to: hub).result
        #expect(again.new.isEmpty && again.listed == result.listed)
        #expect(try await hub.call("GET", "/shelves/web-1/index").headers["etag"] == tag)
        try await hub.stop()
    }

    @Test func `revocations come first, also of several shelves, and what is over goes`()
        async throws
    {
        let hub = try await RunningHub()
        _ = try await publish("a", on: ["all"], to: hub)
        _ = try await publish("over", on: ["all"], ends: .wall + .seconds(-1), to: hub)
        _ = try await publish("b", on: ["web-1"], to: hub)
        _ = try await publish("r", on: ["web-1"], closes: true, to: hub)
        _ = try await publish("c", on: ["all"], to: hub)
        try await eventually("all of them") {
            try await hub.call("GET", "/shelves?names=all,web-1").text.contains("c.grant")
        }
        let reply = try await hub.call("GET", "/shelves?names=all,web-1")
        let names = try ShelfIndex(parsing: reply.body).lines.map(\.name)
        #expect(names == ["revocation-r", "c", "a", "b"])
        #expect(reply.headers["preference-applied"] == "wait=0")
        for query in ["", "?names=", "?names=all,all", "?names=../x", "?names=all,,b"] {
            #expect(try await hub.call("GET", "/shelves" + query).code == "malformed", "\(query)")
        }
        try await hub.stop()
    }

    @Test func `a request's file with more signatures takes the place of the one before`()
        async throws
    {
        let hub = try await RunningHub()
        let id = try GrantID(parsing: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11")
        _ = try await publish("first", on: ["all"], request: id, to: hub)
        let (second, _) = try await publish("second", on: ["all"], request: id, to: hub)
        let rows = try await hub.parts.database.read { statements throws(StorageError) in
            try statements.rows("SELECT shelf, digest FROM publication", [])
        }
        #expect(rows == [Row([.text("all"), .text(second.description)])])
        let shelf = try #require(ShelfName("all"))
        let index = try await hub.parts.database.read { statements throws(StorageError) in
            try DepotRecords(statements).shelf(shelf)?.bytes ?? []
        }
        #expect(try ShelfIndex(parsing: index).lines.map(\.name) == ["second"])
        try await hub.stop()
    }

    @Test func `a long poll is answered with the change, or with nothing when its time is over`()
        async throws
    {
        let hub = try await RunningHub()
        _ = try await publish("one", on: ["all"], to: hub)
        try await eventually("one") {
            try await hub.call("GET", "/shelves?names=all").text.contains("one")
        }
        let path = "/shelves?names=web-1,all"
        let tag = try #require(try await hub.call("GET", path).headers["etag"])
        func poll(_ wait: String) async throws -> HubReply {
            try await hub.call(
                "GET",
                path,
                headers: [("Prefer", wait), ("If-None-Match", tag)]
            )
        }
        let start = ContinuousClock.now
        let empty = try await poll("wait=1")
        #expect(empty.status == 304 && empty.headers["preference-applied"] == "wait=1")
        #expect(ContinuousClock.now - start >= .milliseconds(500))

        async let waiting = poll("wait=30")
        try await eventually("a waiter") { await hub.parts.depot.shelves.waiting == 1 }
        let (digest, _) = try await publish("two", on: ["web-1"], to: hub)
        let reply = try await waiting
        #expect(reply.status == 200 && reply.text.contains(digest.description))
        #expect(reply.headers["preference-applied"] == "wait=30")
        #expect(await hub.parts.depot.shelves.waiting == 0)
        try await hub.stop()
    }

    @Test func `of 2,000 that wait a change wakes the one whom it concerns`() async throws {
        let hub = try await RunningHub()
        let board = hub.parts.depot.shelves
        let all = try #require(ShelfName("all"))
        let woken = WokenWaiters()
        let tasks = try (0..<2_000).map { number in
            let own = try #require(ShelfName("web-\(number)"))
            return Task {
                let tag = try await board.answer([all, own], unless: [], wait: .zero).tag
                let answer = try await board.answer([all, own], unless: [tag], wait: .seconds(600))
                woken.add(number, answer.parts != nil)
            }
        }
        try await eventually("all wait") { await board.waiting == 2_000 }
        _ = try await publish("one", on: ["web-7"], to: hub)
        try await eventually("one is woken") { !woken.all.isEmpty }
        #expect(woken.all == [7: true])
        #expect(await board.waiting == 1_999)
        _ = try await publish("for all", on: ["all"], to: hub)
        for task in tasks { try await task.value }
        #expect(woken.all.count == 2_000 && woken.all.values.allSatisfy(\.self))
        try await hub.stop()
    }

    @Test func `a hub that stops lets nobody wait`() async throws {
        let hub = try await RunningHub()
        let path = "/shelves?names=all"
        let tag = try #require(try await hub.call("GET", path).headers["etag"])
        async let reply = hub.call(
            "GET",
            path,
            headers: [("Prefer", "wait=60"), ("If-None-Match", tag)]
        )
        try await eventually("a waiter") { await hub.parts.depot.shelves.waiting == 1 }
        let start = ContinuousClock.now
        try await hub.stop()
        #expect(try await reply.status == 304)
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}

/// The long polls that have ended, each with whether it brought a change.
private final class WokenWaiters: Sendable {
    private let numbers = Mutex<[Int: Bool]>([:])

    var all: [Int: Bool] { numbers.withLock(\.self) }

    func add(_ number: Int, _ isChanged: Bool) {
        numbers.withLock { $0[number] = isChanged }
    }
}

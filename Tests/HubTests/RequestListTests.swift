import Depot
import Grants
import HubStorage
import Requests
import Signatures
import StrictJSON
import TestSupport
import Testing

@testable import Hub

@Suite struct `The list of requests` {
    private let scene: RequestScene
    private let desk: RequestDesk

    init() async throws {
        scene = try await RequestScene([
            ("dana", "jitgate-request"), ("eve", "jitgate-request"),
            ("ops-bob", RequestScene.everything),
        ])
        desk = scene.desk(perPerson: 1000)
        try scene.report(["web-1": 1, "web-2": 1])
    }

    private func id(_ number: Int) throws -> GrantID {
        try GrantID(parsing: "00000000-0000-4000-8000-" + String(100_000_000_000 + number))
    }

    private func ask(_ count: Int) async throws {
        for number in 1...count {
            let host = number.isMultiple(of: 2) ? "web-1" : "web-2"
            let grant = Grant.request([host], id: try id(number), ticket: "INC-\(number % 3)")
            _ = try await desk.ask(grant.payload(), by: number % 5 == 0 ? "eve" : "dana")
        }
    }

    private func numbers(_ page: RequestViews.Part<JSONValue>) -> [Int] {
        page.items.map { $0["id"]?.text.flatMap { Int($0.suffix(3)) } ?? -1 }
    }

    @Test func `has all in parts, the newest first, each once`() async throws {
        try await ask(120)
        var (cursor, found): (Int64?, [Int]) = (nil, [])
        repeat {
            let page = try await desk.views.list(RequestFilter(), before: cursor, limit: 50)
            found += numbers(page)
            cursor = page.next
        } while cursor != nil
        #expect(found == (1...120).reversed())
    }

    @Test func `is filtered by people, hosts, tickets and states`() async throws {
        try await ask(30)
        func list(_ change: (inout RequestFilter) -> Void) async throws -> [Int] {
            var filter = RequestFilter()
            change(&filter)
            return numbers(try await desk.views.list(filter, before: nil, limit: 100))
        }
        #expect(try await list { $0.askedBy = "eve" } == [30, 25, 20, 15, 10, 5])
        #expect(try await list { $0.concerning = "eve" } == [30, 25, 20, 15, 10, 5])
        #expect(try await list { $0.requestor = "dana" }.count == 30)
        #expect(try await list { $0.host = "web-1" }.allSatisfy { $0.isMultiple(of: 2) })
        #expect(try await list { ($0.ticket, $0.host) = ("INC-0", "web-2") } == [27, 21, 15, 9, 3])
        #expect(try await list { $0.state = .pending }.count == 30)
        #expect(try await list { $0.state = .published }.isEmpty)
        let grant = Grant.request(["web-1"], id: try id(4), ticket: "INC-1")
        _ = try await desk.sign(grant.id, scene.approval(of: grant, by: "ops-bob"))
        #expect(try await list { $0.state = .published } == [4])
        try await open(grant, on: "web-1")
        #expect(try await list { $0.state = .open } == [4])
        #expect(try await list { $0.state = .published }.isEmpty)
        _ = try await desk.withdraw(id(6), reason: "done", by: "dana", key: "")
        #expect(try await list { $0.state = .withdrawn } == [6])
        scene.pass(.seconds(86_400))
        #expect(try await list { $0.state = .lapsed }.count == 28)
        #expect(try await list { $0.state = .ended } == [4])
    }

    private func open(_ grant: Grant, on host: String) async throws {
        let now = scene.now
        try await scene.database.write { statements throws(StorageError) in
            try statements.run(
                """
                INSERT INTO opening (host, grant_id, requestor, opened, deadline)
                VALUES ($1, $2, $3, $4, $5)
                """,
                [
                    .text(host), .text(grant.id.description), .text(grant.requestor), .moment(now),
                    .moment(now + .seconds(3600)),
                ]
            )
        }
    }
}

@Suite struct `A file that is no request` {
    @Test func `goes to the shelves of the hosts that it names`() async throws {
        let scene = try await RequestScene([("ops-bob", RequestScene.everything)])
        let desk = scene.desk()
        let revocation = Revocation(
            hosts: [.name("web-1"), .name("db-*")],
            reason: "lost laptop",
            selection: RevocationSelection(ids: [Grant.request().id])
        )
        let payload = revocation.payload()
        let file = payload + (try scene.sign(payload, by: "ops-bob", for: "jitgate-revocation"))
        for _ in 0..<2 {
            let (digest, shelves) = try await desk.files.send(file, by: "ops-bob")
            #expect(digest.description == FileDigest.sha256(of: file))
            #expect(shelves.map(\.description) == ["web-1", "all"])
        }
        #expect(try await scene.lines(of: "all").count == 1)
        #expect(try await scene.events() == ["file-sent"])
        let strange = payload + (try SSHKey().sign(payload, namespace: "jitgate-revocation"))
        await #expect(throws: RequestError.self) { try await desk.files.send(strange, by: "eve") }
    }
}

import Foundation
import Grants
import HubStorage
import TestSupport
import Testing

@testable import Hub

/// The stream of events as programs follow it.
struct EventStreamTests {
    private func append(_ hub: RunningHub, _ event: ActivityEvent, _ text: String) async throws {
        try await hub.parts.database.write { statements throws(StorageError) in
            _ = try ActivityRecords(statements: statements)
                .append(ActivityEntry(event, at: .wall, actor: "olga", text))
        }
    }

    private func open(
        _ hub: RunningHub,
        _ token: String,
        after: Int? = nil
    ) throws -> LoopbackConnection {
        let last = after.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        let head = "GET /v1/events HTTP/1.1\r\nHost: hub.test\r\nAuthorization: Bearer \(token)\r\n"
        let connection = try LoopbackConnection(port: hub.port)
        try connection.send(head + last + "\r\n")
        return connection
    }

    @Test func `a reader learns where the stream is, also past entries that others alone see`()
        async throws
    {
        let dana = try HubPerson("dana", "jitgate-login,jitgate-request")
        let hub = try await RunningHub(people: [dana])
        let token = try await hub.token(of: dana)
        for number in 0..<4 { try await append(hub, .hostSilent, "not for dana \(number)") }
        for after in [nil, 0, 2, 4] as [Int?] {
            let stream = try open(hub, token, after: after)
            let text = try await stream.receive(until: "id: 4\n\n")
            #expect(!text.contains("data:"), "\(after ?? -1): \(text)")
        }
        try await hub.stop()
    }

    @Test func `people who approve hear of requests, and others do not`() async throws {
        let ops = try HubPerson("ops", "jitgate-login,jitgate-grant")
        let dana = try HubPerson("dana", "jitgate-login,jitgate-request")
        let hub = try await RunningHub(people: [ops, dana])
        let tokens = [try await hub.token(of: ops), try await hub.token(of: dana)]
        let streams = try tokens.map { try open(hub, $0) }
        for stream in streams { _ = try await stream.receive(until: "id: ") }
        try await append(hub, .asked, "a request of olga")
        try await append(hub, .hostSilent, "a host")
        #expect(try await streams[0].receive(until: "a request of olga").contains("data:"))
        try await hub.stop()
        for stream in streams {
            let rest = String(decoding: try await stream.receiveAll(), as: UTF8.self)
            #expect(!rest.contains("a host") && !rest.contains("a request of olga"))
        }
    }
}

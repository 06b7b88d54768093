import Depot
import Foundation
import Grants
import NIOCore
import TestSupport
import Testing

@testable import Hub

/// The bytes that strangers may send.
struct ConnectionTests {
    @Test func `every answer has the headers of safety`() async throws {
        let hub = try await RunningHub()
        for path in ["/healthz", "/v1/me", "/nothing", "/openapi.json"] {
            let reply = try await hub.call("GET", path)
            #expect(
                reply.headers["content-security-policy"]?.contains("default-src 'none'") == true
            )
            #expect(
                reply.headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true
            )
            #expect(reply.headers["x-content-type-options"] == "nosniff", "\(path)")
            #expect(reply.headers["referrer-policy"] == "no-referrer")
            #expect(reply.headers["strict-transport-security"] != nil)
            #expect(reply.headers["server"] == nil, "nothing tells what it runs")
            #expect(HTTPDate.moment(reply.headers["date"] ?? "") != nil, "hosts need its time")
        }
        try await hub.stop()
    }

    @Test func `another host gets nothing, and the host of approvals no more than its page`()
        async throws
    {
        let hub = try await RunningHub()
        for host in ["evil.example.com", "127.0.0.1", "hub.test:8080", "hub.test.evil", ""] {
            let reply = try await hub.call("GET", "/v1/login", host: host)
            #expect(reply.status == 421 && reply.code == "wrong-host", "\(host)")
        }
        #expect(try await hub.call("GET", "/v1/login", host: "HUB.test").status == 200)
        #expect(try await hub.call("GET", "/healthz", host: "10.0.0.1").status == 200)
        for path in ["/v1/login", "/v1/me", "/", "/healthz2"] {
            let reply = try await hub.call("GET", path, host: RunningHub.approvalHost)
            #expect(reply.status == 404 || path == "/", "\(path)")
            #expect(reply.headers["set-cookie"] == nil)
        }
        try await hub.stop()
    }

    @Test func `unknown paths and methods are told`() async throws {
        let hub = try await RunningHub()
        #expect(try await hub.call("GET", "/v1/nothing").code == "not-found")
        let reply = try await hub.call("PUT", "/v1/login", body: [], type: "text/plain")
        #expect(reply.status == 405 && reply.code == "method", "\(reply.status)")
        #expect(reply.headers["allow"] == "GET, POST", "\(reply.headers)")
        #expect(try await hub.call("HEAD", "/healthz").status == 200)
        try await hub.stop()
    }

    private static let head = "POST /v1/login HTTP/1.1\r\nHost: hub.test\r\n"

    @Test(arguments: [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\nHost: hub.test\r\n\r\n", 400),
        ("GET /v1/me HTTP/1.1\r\nHost: hub.test\r\nbad header: x\r\n\r\n", 400),
        ("GET /v1/me HTTP/1.1\r\nHost: hub.test\r\nX: a\u{0}b\r\n\r\n", 400),
        (
            "GET /v1/me HTTP/1.1\r\nHost: hub.test\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n",
            431
        ),
        (
            "GET /v1/me HTTP/1.1\r\nHost: hub.test\r\n"
                + String(repeating: "X: a\r\n", count: 200) + "\r\n", 431
        ),
        (head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (head + "Content-Length: -1\r\n\r\n", 400),
        (head + "Content-Length: +5\r\n\r\nhello", 400),
        (head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (head + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", 411),
        (head + "Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", 411),
        (head + "Content-Length: 300000\r\nConnection: close\r\n\r\n", 413),
        (
            "POST /v1/login HTTP/1.1\r\nHost: hub.test\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
            421
        ),
        ("GET /v1/me HTTP/1.1\r\nConnection: close\r\n\r\n", 421),
        ("GET http://evil.test/v1/me HTTP/1.1\r\nHost: hub.test\r\nConnection: close\r\n\r\n", 401),
    ])
    func `what is no clean request is refused`(bytes: String, status: Int) async throws {
        let hub = try await RunningHub()
        let reply = try await hub.raw(Array(bytes.utf8))
        #expect(reply.status == status, "\(bytes.prefix(120)): \(reply.text)")
        #expect(reply.headers["x-content-type-options"] == "nosniff")
        #expect(reply.code != nil)
        #expect(try await hub.call("GET", "/healthz").status == 200)
        try await hub.stop()
    }

    private static func bounds(
        head: TimeAmount = .seconds(20),
        body: TimeAmount = .seconds(30)
    ) -> HubApplication.Bounds {
        var bounds = HubApplication.Bounds()
        bounds.times.head = head
        bounds.times.body = body
        return bounds
    }

    @Test func `who sends no request, or no end of one, is cut off`() async throws {
        let hub = try await RunningHub(bounds: Self.bounds(head: .milliseconds(300)))
        for bytes in ["", "GET /healthz HTTP/1.1\r\nHost: hub", "GET /healthz HTTP/1.1\r\n"] {
            let connection = try LoopbackConnection(port: hub.port)
            try connection.send(bytes)
            #expect(try await connection.receiveAll() == [], "\(bytes)")
        }
        try await hub.stop()
    }

    @Test func `a byte now and then prolongs no body`() async throws {
        let hub = try await RunningHub(bounds: Self.bounds(body: .milliseconds(600)))
        let connection = try LoopbackConnection(port: hub.port)
        try connection.send(
            Self.head + "Content-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\n"
        )
        let sender = Task.detached {
            // Ends by the error of a connection that is closed.
            for _ in 0..<1000 {
                try connection.send("x")
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        let answer = try await connection.receiveAll()
        sender.cancel()
        #expect(answer.isEmpty || String(decoding: answer, as: UTF8.self).contains(" 4"))
        try await hub.stop()
    }

    @Test func `a connection carries one call after the other`() async throws {
        let hub = try await RunningHub()
        let connection = try LoopbackConnection(port: hub.port)
        for _ in 0..<3 {
            try connection.send("GET /healthz HTTP/1.1\r\nHost: hub.test\r\n\r\n")
            #expect(try await connection.receive(until: "ok\n").hasPrefix("HTTP/1.1 200"))
        }
        try await hub.stop()
    }

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
    ])
    func `dates are those of HTTP`(seconds: Int64, text: String) {
        #expect(DateHeader.text(Moment(microseconds: seconds * 1_000_000)) == text)
    }

    @Test func `no address takes all connections`() throws {
        let count = ConnectionCount(limit: 2)
        let (one, other) = (
            try SocketAddress(ipAddress: "203.0.113.1", port: 1),
            try SocketAddress(ipAddress: "203.0.113.2", port: 1)
        )
        let entry = try #require(count.enter(one))
        #expect(count.enter(one) != nil && count.enter(one) == nil && count.enter(other) != nil)
        count.leave(entry)
        #expect(count.enter(one) != nil)
        let near = try ["2001:db8::1", "2001:db8::2", "2001:db8::3"].map {
            try SocketAddress(ipAddress: $0, port: 1)
        }
        #expect(near.map { count.enter($0) != nil } == [true, true, false], "a /64 is one")
        let local = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        #expect((0..<9).allSatisfy { _ in count.enter(local) != nil }, "a proxy is not bound")
    }

    @Test(arguments: [
        ("a=1&b=%C3%A4+c", ["a": "1", "b": "ä c"]), ("a", ["a": ""]), ("", [:]),
        ("a=b=c", ["a": "b=c"]),
    ])
    func `a form is read`(text: String, fields: [String: String]) throws {
        let form = try FormBody(parsing: Array(text.utf8))
        for (name, value) in fields { #expect(form[name] == value) }
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%FF", String(repeating: "a&", count: 65)])
    func `a malformed form is refused`(text: String) {
        #expect(throws: HubError.self) { try FormBody(parsing: Array(text.utf8)) }
    }
}

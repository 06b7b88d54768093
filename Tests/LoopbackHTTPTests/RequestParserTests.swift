import LoopbackHTTP
import Testing

@Suite struct `A request` {
    private static let get =
        "GET /v1/tasks/a?b HTTP/1.1\r\nHost: localhost:8931\r\nCookie: a=b\r\n\r\n"
    private static let post =
        "POST /v1/tasks/a/answer HTTP/1.1\r\nhost:localhost:8931\r\nContent-Length: 2\r\n\r\n{}"

    private func parsed(_ text: String) throws(HTTPStatus) -> HTTPRequest? {
        var parser = HTTPRequestParser()
        return try parser.append(Array(text.utf8))
    }

    @Test func `is read with its fields and its body`() throws {
        let get = try #require(try parsed(Self.get))
        #expect(get.method == .get && get.path == "/v1/tasks/a?b" && get.body.isEmpty)
        #expect(get["host"] == "localhost:8931" && get["cookie"] == "a=b")
        let post = try #require(try parsed(Self.post))
        #expect(post.method == .post && post["host"] == "localhost:8931")
        #expect(post.body == Array("{}".utf8))
    }

    @Test(arguments: [get, post])
    func `is the same however its bytes arrive`(text: String) throws {
        let bytes = Array(text.utf8)
        let whole = try parsed(text)
        for split in 1..<bytes.count {
            var parser = HTTPRequestParser()
            #expect(try parser.append(Array(bytes[..<split])) == nil)
            #expect(try parser.append(Array(bytes[split...])) == whole, "\(split)")
        }
        var parser = HTTPRequestParser()
        for byte in bytes.dropLast() { #expect(try parser.append([byte]) == nil) }
        #expect(try parser.append([bytes[bytes.count - 1]]) == whole)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\nHost: a\n\n\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1 \r\n\r\n", 400), (" / \r\n\r\n", 400),
        ("GET http://localhost/ HTTP/1.1\r\n\r\n", 400), ("GET * HTTP/1.1\r\n\r\n", 400),
        ("GET /a#b HTTP/1.1\r\n\r\n", 400), ("GET /\u{e9} HTTP/1.1\r\n\r\n", 400),
        ("\r\n\r\n", 400), ("\r\nGET / HTTP/1.1\r\n\r\n", 400), ("G(T / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 505), ("GET / HTTP/2\r\n\r\n", 505),
        ("GET / FTP/1\r\n\r\n", 400),
        ("HEAD / HTTP/1.1\r\n\r\n", 405), ("get / HTTP/1.1\r\n\r\n", 405),
        ("PUT / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nOrigin: a\r\nOrigin: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nX: a\u{0}\r\n\r\n", 400), ("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\na", 400),
        ("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\n\r\n", 411), ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nab", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n\r\na", 501),
    ])
    func `is refused if it says anything in another way`(text: String, code: Int) {
        let error = #expect(throws: HTTPStatus.self) { try parsed(text) }
        #expect(error?.code == code, "\(text.debugDescription)")
    }

    @Test func `is bounded`() {
        let many = String(repeating: "a: b\r\n", count: 101)
        let error = #expect(throws: HTTPStatus.self) { try parsed("GET / HTTP/1.1\r\n\(many)\r\n") }
        #expect(error?.code == 431)
        let endless = "GET / HTTP/1.1\r\nCookie: " + String(repeating: "a", count: 65_536)
        for text in [endless, endless + "\r\n\r\n"] {
            let error = #expect(throws: HTTPStatus.self) { try parsed(text) }
            #expect(error?.code == 431)
        }
    }
}

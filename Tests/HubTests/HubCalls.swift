import Foundation
import StrictJSON
import TestSupport

/// An answer of the hub, as it came over the wire.
struct HubReply: Sendable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as strict JSON.
    var json: JSONValue { (try? JSONNode.parse(body))?.value ?? .null }

    /// The code of an error.
    var code: String? { json["error"]?["code"]?.text }
}

extension RunningHub {
    /// Makes one call over a connection of its own.
    func call(
        _ method: String,
        _ path: String,
        body: [UInt8]? = nil,
        type: String? = nil,
        token: String? = nil,
        cookie: String? = nil,
        headers: [(String, String)] = [],
        host: String = RunningHub.host
    ) async throws -> HubReply {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)", "Connection: close"]
        if let body { lines.append("Content-Length: \(body.count)") }
        if let type { lines.append("Content-Type: \(type)") }
        if let token { lines.append("Authorization: Bearer \(token)") }
        if let cookie { lines.append("Cookie: __Host-jitgate=\(cookie)") }
        lines += headers.map { "\($0.0): \($0.1)" }
        let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        return try await raw(head + (body ?? []))
    }

    /// Sends bytes, and reads until the hub closes the connection.
    func raw(_ bytes: [UInt8]) async throws -> HubReply {
        let connection = try LoopbackConnection(port: port)
        try connection.send(bytes)
        let answer = try await connection.receiveAll()
        return try HubReply(parsing: answer, isHead: bytes.starts(with: "HEAD ".utf8))
    }

    /// Logs a person in; returns the answer of POST /v1/login.
    func logIn(_ person: HubPerson, url: String = "https://\(RunningHub.host)") async throws
        -> HubReply
    {
        let nonce = try await call("GET", "/v1/login").json["nonce"]?.text ?? ""
        let file = try Self.login(person, url: url, nonce: nonce)
        return try await call("POST", "/v1/login", body: file, type: "application/octet-stream")
    }

    /// A signed login.
    static func login(_ person: HubPerson, url: String, nonce: String) throws -> [UInt8] {
        let payload = "{\"jitgate\": \"login/1\", \"url\": \"\(url)\", \"nonce\": \"\(nonce)\"}\n"
        return try person.sign(Array(payload.utf8), "jitgate-login")
    }

    /// The bearer token of a person.
    func token(of person: HubPerson) async throws -> String {
        let reply = try await logIn(person)
        guard let token = reply.json["token"]?.text else {
            throw CommandFailure("no login: \(reply.status) \(reply.text)")
        }
        return token
    }

    /// The cookie of a browser that a person logged in.
    func cookie(of person: HubPerson) async throws -> String {
        let link = try await logIn(person).json["link"]?.text ?? ""
        let reply = try await redeem(link.components(separatedBy: "code=").last ?? "")
        let pair = reply.headers["set-cookie"]?.components(separatedBy: ";").first ?? ""
        return pair.components(separatedBy: "=").last ?? ""
    }

    /// Sends the form of a link's page, as a browser does.
    func redeem(
        _ code: String,
        headers: [(String, String)] = [("Sec-Fetch-Site", "same-origin")],
        cookie: String? = nil
    ) async throws -> HubReply {
        try await call(
            "POST",
            "/login",
            body: Array("code=\(code)".utf8),
            type: "application/x-www-form-urlencoded",
            cookie: cookie,
            headers: headers
        )
    }
}

extension HubReply {
    /// Takes an answer of HTTP/1.1 apart, whose end is that of the connection.
    init(parsing bytes: [UInt8], isHead: Bool = false) throws {
        let data = Data(bytes)
        guard let gap = data.firstRange(of: Data("\r\n\r\n".utf8)) else {
            throw CommandFailure("no head: \(String(decoding: bytes, as: UTF8.self).prefix(200))")
        }
        let lines = String(decoding: data[..<gap.lowerBound], as: UTF8.self)
            .components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]) else {
            throw CommandFailure("no status: \(lines[0])")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            headers[parts[0].lowercased()] = value
        }
        let rest = Array(data[gap.upperBound...])
        let isChunked = headers["transfer-encoding"] == "chunked"
        self.init(status: status, headers: headers, body: isChunked ? Self.chunks(rest) : rest)
    }

    private static func chunks(_ bytes: [UInt8]) -> [UInt8] {
        var (rest, body): (ArraySlice<UInt8>, [UInt8]) = (bytes[...], [])
        while let end = rest.firstIndex(of: 10) {
            let digits = String(decoding: rest[..<end].filter { $0 != 13 }, as: UTF8.self)
            guard let count = Int(digits, radix: 16), count > 0 else { break }
            let start = end + 1
            body += rest[start..<min(start + count, rest.endIndex)]
            rest = rest[min(start + count + 2, rest.endIndex)...]
        }
        return body
    }
}

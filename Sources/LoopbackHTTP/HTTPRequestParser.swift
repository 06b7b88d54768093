/// Reads one request out of the bytes of a connection: the part of HTTP/1.1 that docs/PROTOCOL.page
/// names.
package struct HTTPRequestParser: Sendable {
    /// The most bytes of a head: browsers send the cookies of all ports of localhost.
    static let headLimit = 64 * 1024
    static let bodyLimit = 64 * 1024
    static let fieldLimit = 100

    /// The fields whose meaning must not depend on which of two a reader takes.
    private static let single: Set<String> = [
        "host", "content-length", "content-type", "origin", "sec-fetch-site",
    ]
    private static let separator = Array("\r\n\r\n".utf8)

    private var buffer: [UInt8] = []
    private var head: Head?

    private struct Head {
        let method: HTTPRequest.Method
        let path: String
        var fields: [String: String] = [:]
        /// The place of the body in the buffer.
        var body = 0..<0
    }

    package init() {}

    /// Takes the next bytes; returns the request when it is whole.
    package mutating func append(_ bytes: [UInt8]) throws(HTTPStatus) -> HTTPRequest? {
        // A head's end may lie across two appends.
        let scanned = max(0, buffer.count - Self.separator.count + 1)
        buffer += bytes
        if head == nil {
            guard let end = buffer[scanned...].firstRange(of: Self.separator) else {
                guard buffer.count <= Self.headLimit else { throw .headTooLarge }
                return nil
            }
            guard end.lowerBound <= Self.headLimit else { throw .headTooLarge }
            head = try Self.head(buffer[..<end.lowerBound], bodyFrom: end.upperBound)
        }
        guard let head, buffer.count >= head.body.upperBound else { return nil }
        guard buffer.count == head.body.upperBound else { throw .malformed }
        return HTTPRequest(
            head.method,
            head.path,
            fields: head.fields,
            body: Array(buffer[head.body])
        )
    }

    private static func head(
        _ bytes: ArraySlice<UInt8>,
        bodyFrom start: Int
    ) throws(HTTPStatus) -> Head {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed }
        // By bytes: CR LF is one Character in Swift.
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { Substring($0) }
        for index in lines.indices.dropLast() {
            guard lines[index].utf8.last == 0x0D else { throw .malformed }
            lines[index] = Substring(lines[index].utf8.dropLast())
        }
        guard lines.count <= fieldLimit + 1 else { throw .headTooLarge }
        var head = try requestLine(lines[0])
        for line in lines.dropFirst() { try add(line, to: &head.fields) }
        let length = try bodyLength(head)
        head.body = start..<(start + length)
        return head
    }

    private static func requestLine(_ line: Substring) throws(HTTPStatus) -> Head {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].utf8.first == 0x2F,
            parts[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 })
        else { throw .malformed }
        guard parts[2] == "HTTP/1.1" else {
            throw parts[2].hasPrefix("HTTP/") ? .wrongVersion : .malformed
        }
        guard !parts[0].isEmpty, parts[0].utf8.allSatisfy(isTokenByte) else { throw .malformed }
        guard let method = HTTPRequest.Method(rawValue: String(parts[0])) else {
            throw .wrongMethod
        }
        return Head(method: method, path: String(parts[1]))
    }

    private static func add(
        _ line: Substring,
        to fields: inout [String: String]
    ) throws(HTTPStatus) {
        guard let colon = line.utf8.firstIndex(of: 0x3A) else { throw .malformed }
        let name = line.utf8[..<colon]
        let value = line.utf8[line.utf8.index(after: colon)...]
        guard !name.isEmpty, name.allSatisfy(isTokenByte),
            value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
        else { throw .malformed }
        let key = String(decoding: name, as: UTF8.self).lowercased()
        guard fields[key] == nil || !single.contains(key) else { throw .malformed }
        fields[key] = trimmed(value)
    }

    private static func trimmed(_ value: Substring.UTF8View) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let rest = Array(value.drop(while: isBlank))
        let end = rest.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? 0
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// The letters, digits and signs of a token (RFC 9110, section 5.6.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func bodyLength(_ head: Head) throws(HTTPStatus) -> Int {
        guard head.fields["transfer-encoding"] == nil else { throw .notImplemented }
        guard let text = head.fields["content-length"] else {
            guard head.method == .get else { throw .lengthRequired }
            return 0
        }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .malformed
        }
        guard let length = Int(text), length <= bodyLimit else { throw .tooLarge }
        guard head.method == .post || length == 0 else { throw .malformed }
        return length
    }
}

/// One request, as far as a page on loopback needs it.
package struct HTTPRequest: Hashable, Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    package let method: Method
    /// The target as sent: a path, maybe with a query.
    package let path: String
    /// The values of fields by their names in lower case.
    let fields: [String: String]
    package let body: [UInt8]

    package init(
        _ method: Method,
        _ path: String,
        fields: [String: String] = [:],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.fields = fields
        self.body = body
    }

    /// The value of a field by its name in lower case.
    package subscript(name: String) -> String? { fields[name] }
}

/// A status code and its reason phrase.
package struct HTTPStatus: Error, Hashable, Sendable {
    package let code: Int
    package let reason: String

    package init(_ code: Int, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package static let done = HTTPStatus(200, "OK")
    package static let malformed = HTTPStatus(400, "Bad Request")
    package static let forbidden = HTTPStatus(403, "Forbidden")
    package static let notFound = HTTPStatus(404, "Not Found")
    package static let wrongMethod = HTTPStatus(405, "Method Not Allowed")
    package static let gone = HTTPStatus(410, "Gone")
    package static let lengthRequired = HTTPStatus(411, "Length Required")
    package static let tooLarge = HTTPStatus(413, "Content Too Large")
    package static let wrongType = HTTPStatus(415, "Unsupported Media Type")
    package static let refused = HTTPStatus(422, "Unprocessable Content")
    package static let headTooLarge = HTTPStatus(431, "Request Header Fields Too Large")
    package static let notImplemented = HTTPStatus(501, "Not Implemented")
    package static let wrongVersion = HTTPStatus(505, "HTTP Version Not Supported")
}

/// One response; the connection ends with it.
package struct HTTPResponse: Hashable, Sendable {
    package let status: HTTPStatus
    package let contentType: String
    package let body: [UInt8]
    /// True if the server ends when this response is sent.
    package let isLast: Bool

    package init(_ status: HTTPStatus, _ contentType: String, _ body: [UInt8], isLast: Bool = false)
    {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.isLast = isLast
    }

    /// The response on the wire, with more fields for its head.
    func encoded(_ fields: [(String, String)]) -> [UInt8] {
        let own = [
            ("Content-Type", contentType), ("Content-Length", String(body.count)),
            ("Connection", "close"),
        ]
        let lines = (own + fields).map { "\($0): \($1)\r\n" }.joined()
        return Array("HTTP/1.1 \(status.code) \(status.reason)\r\n\(lines)\r\n".utf8) + body
    }
}

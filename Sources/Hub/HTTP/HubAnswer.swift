import HTTPTypes
import Hummingbird
import StrictJSON

/// Makes the answers of routes.
enum HubAnswer {
    static func json(_ value: JSONValue, _ status: HTTPResponse.Status = .ok) -> Response {
        bytes(value.encoded() + [UInt8(ascii: "\n")], "application/json", status)
    }

    static func text(_ text: String, _ status: HTTPResponse.Status = .ok) -> Response {
        bytes(Array(text.utf8), "text/plain; charset=utf-8", status)
    }

    /// An answer that is a page; its policy is that of `PagePolicy` unless one is given.
    static func page(_ html: [UInt8], _ status: HTTPResponse.Status = .ok) -> Response {
        var response = bytes(html, "text/html; charset=utf-8", status)
        response.headers[.contentSecurityPolicy] = SecurityHeaders.pagePolicy
        return response
    }

    static func bytes(
        _ bytes: [UInt8],
        _ type: String,
        _ status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    static func empty(_ status: HTTPResponse.Status = .noContent) -> Response {
        Response(status: status)
    }

    /// The answer to a form: the browser goes on to a path of the hub.
    static func see(_ path: String) -> Response {
        Response(status: .seeOther, headers: [.location: path])
    }

    static func error(_ error: HubError) -> Response {
        var response = json(error.json, error.code.status)
        error.addHeaders(to: &response)
        return response
    }
}

extension HubError {
    /// Adds the headers that tell programs the same.
    func addHeaders(to response: inout Response) {
        response.headers[.retryAfter] = retryAfter.map { String($0) }
        response.headers[.allow] = allow
        if code == .loginRequired { response.headers[.wwwAuthenticate] = "Bearer" }
    }
}

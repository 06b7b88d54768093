import ApprovalPage
import LoopbackHTTP
import StrictJSON

/// The calls of one page about one task (docs/PROTOCOL.page, sections 2 and 3).
struct PageConversation {
    private let task: PageTask
    private let relyingParty: String
    private let origin: String
    /// The secret of the link.
    let id = Self.secret()
    /// The secret that the browser was given with the task and returns with the answer.
    private let answerToken = Self.secret()
    private var isTaken = false
    /// The answer that was accepted.
    private(set) var answer: PageAnswer?

    init(_ task: PageTask, at place: PasskeyPageOptions) {
        self.task = task
        relyingParty = place.rp
        origin = place.origin
    }

    /// The path and the fragment of the link.
    var path: String {
        if case .enroll = task { "/enroll#\(id)" } else { "/#\(id)" }
    }

    /// Answers one request; `check` returns why an answer does not hold, and `nil` if it does.
    mutating func respond(
        to request: Result<HTTPRequest, HTTPStatus>,
        check: (PageAnswer) -> String?
    ) -> HTTPResponse {
        switch request {
        case .failure(let status): return Self.failure(status, "The request is malformed.")
        case .success(let request):
            if let refusal = refusal(of: request) { return refusal }
            switch (request.method, request.path) {
            case (.get, "/"), (.get, "/enroll"):
                return HTTPResponse(.done, "text/html; charset=utf-8", ApprovalPage.html)
            case (.get, "/v1/tasks/\(id)"): return give()
            case (.post, "/v1/tasks/\(id)/answer"): return take(request, check)
            default:
                return Self.failure(.notFound, "This link is not, or no longer, of this command.")
            }
        }
    }

    /// The refusal of a request that no page of ours can have made.
    private func refusal(of request: HTTPRequest) -> HTTPResponse? {
        let isPage = request.method == .get && !request.path.hasPrefix("/v1/")
        let site = request["sec-fetch-site"]
        guard "http://\(request["host"] ?? "")" == origin,
            isPage || site == nil || site == "same-origin",
            request.method == .get || request["origin"] == origin
        else {
            return Self.failure(.forbidden, "Only the page at \(origin) may ask this.")
        }
        return nil
    }

    /// Hands the task to the first who asks; a second one gets an error and so notices the first.
    private mutating func give() -> HTTPResponse {
        guard !isTaken else {
            return Self.failure(
                .gone,
                "This link was opened before. If that was not you, press Ctrl-C in the terminal, and"
                    + " run the command again."
            )
        }
        isTaken = true
        return Self.reply(.done, task.json(relyingParty: relyingParty, answerToken: answerToken))
    }

    private mutating func take(
        _ request: HTTPRequest,
        _ check: (PageAnswer) -> String?
    ) -> HTTPResponse {
        guard request["content-type"] == "application/json" else {
            return Self.failure(.wrongType, "An answer is application/json.")
        }
        guard answer == nil else { return Self.failure(.gone, "This was answered before.") }
        guard let found = PageAnswer(parsing: request.body, token: answerToken) else {
            return Self.failure(.malformed, "This is no answer of the page that has the task.")
        }
        if let reason = check(found) { return Self.failure(.refused, reason) }
        answer = found
        let message = "You can close this page and go back to the terminal."
        return Self.reply(.done, ["message": .string(message)], isLast: true)
    }

    private static func failure(_ status: HTTPStatus, _ reason: String) -> HTTPResponse {
        reply(status, ["error": .string(reason)])
    }

    private static func reply(
        _ status: HTTPStatus,
        _ value: JSONValue,
        isLast: Bool = false
    ) -> HTTPResponse {
        HTTPResponse(status, "application/json", value.encoded(), isLast: isLast)
    }

    /// 128 random bits.
    private static func secret() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

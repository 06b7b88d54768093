import ApprovalPage
import Crypto
import Grants
import HTTPTypes
import HubSettings
import Hummingbird
import Logging
import Requests
import Signatures
import StrictJSON

/// The approval page and its calls, on the host of `approve_url` alone (docs/PROTOCOL.page, section 3).
///
/// Its host has no cookies: the link names the request, and only a passkey's signature changes anything.
struct ApprovalRoutes: HubRoutes {
    private static let answerLimit = 64 << 10

    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.get("/") { _, _ in Self.page }
        router.get("/enroll") { _, _ in Self.page }
        router.get("/v1/tasks/:id") { _, context in await reply { try await task(context) } }
        router.post("/v1/tasks/:id/answer") { request, context in
            await reply { try await take(request, context) }
        }
    }

    private static var page: Response {
        var response = HubAnswer.page(ApprovalPage.html)
        for (name, value) in ApprovalPage.fields {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    /// The URL of the page, which is the origin of its calls, and the RP ID of the passkeys.
    private var origin: String { parts.configuration.places.approveURL ?? "" }
    private var relyingParty: String {
        String(HostedResponder.host(ofURL: origin).prefix { $0 != ":" })
    }

    // MARK: calls

    private func task(_ context: HubContext) async throws -> Response {
        let id = try context.requestID()
        let stored = try await parts.requests.find(id)
        let task = PageTask.approve(
            payload: stored.request.payload,
            namespace: .grant,
            signers: try signers
        )
        return HubAnswer.json(
            task.json(relyingParty: relyingParty, answerToken: token(of: id))
        )
    }

    private func take(_ request: Request, _ context: HubContext) async throws -> Response {
        guard request.headers[.origin] == origin else {
            throw HubError(.origin, "the call comes from another page", "open the link again")
        }
        let id = try context.requestID()
        let body = try await BodyReader.bytes(
            of: request,
            types: ["application/json"],
            limit: Self.answerLimit
        )
        switch PageAnswer(parsing: body, token: token(of: id)) {
        case .signature(let armor):
            _ = try await parts.requests.sign(id, armor)
            return HubAnswer.json(["message": "Your approval is with the request."])
        case .cancelled:
            return HubAnswer.json(["message": "Nothing was signed."])
        case .passkey, nil:
            throw HubError(.malformed, "this is no answer to the task", "open the link again")
        }
    }

    /// The passkeys of this page's host that may approve.
    private var signers: [PasskeyLine] {
        get throws(HubError) {
            guard !parts.people.isUnreadable else {
                throw HubError(.store, "allowed_signers cannot be read", "tell the hub's admin")
            }
            return parts.people.passkeys.filter { $0.application == relyingParty }
        }
    }

    /// The text that shows that an answer comes from a page that was given the task.
    private func token(of id: GrantID) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("task \(id)".utf8),
            using: parts.secret
        )
        return Secret.text(Array(code))
    }

    /// The answer of a call; errors are {"error": TEXT}, which the page shows.
    private func reply(_ call: () async throws -> Response) async -> Response {
        do {
            return try await call()
        } catch let error as HubError {
            return Self.failure(error)
        } catch let error as RequestError {
            return Self.failure(HubError(error))
        } catch {
            parts.logger.error("approval page: \(error)")
            return Self.failure(HubError(.store, "the hub cannot answer", "try again"))
        }
    }

    private static func failure(_ error: HubError) -> Response {
        HubAnswer.json(
            ["error": .string("\(error.message); \(error.remedy)")],
            error.code.status
        )
    }
}

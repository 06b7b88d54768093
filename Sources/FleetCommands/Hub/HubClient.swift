import CommandSupport
import Depot
import Grants
import Linux
import StrictJSON
import Transfer

/// Calls to a hub (docs/PROTOCOL.hub), one after the other over one connection.
///
/// A call that needs a session logs in by a signature if there is none.
final class HubClient {
    /// The times that a call is repeated which the hub is too busy for.
    private static let retries = 3

    let url: String
    private let connection: DepotConnection
    private let tokens: HubTokenFile?
    private let key: String?
    private let console: Console
    private var token: HubToken?
    private var random = SystemRandomNumberGenerator()

    init(
        _ url: String,
        _ connection: DepotConnection,
        tokens: HubTokenFile?,
        key: String?,
        on console: Console
    ) {
        (self.url, self.connection, self.tokens) = (url, connection, tokens)
        (self.key, self.console) = (key, console)
        token = tokens?.read(at: console.now())
    }

    /// The name of the one who is logged in, as the hub has it.
    var name: String? { token?.name }

    /// The body of a call and its media type.
    enum Body {
        case json(JSONValue)
        /// A signed file.
        case file([UInt8])
        /// An armored signature.
        case signature([UInt8])

        fileprivate var bytes: [UInt8] {
            switch self {
            case .json(let value): value.encoded()
            case .file(let bytes), .signature(let bytes): bytes
            }
        }

        fileprivate var type: String {
            switch self {
            case .json: "application/json"
            case .file: "application/octet-stream"
            case .signature: "text/plain"
            }
        }
    }

    /// The key that signs.
    func signer() throws(CommandFailure) -> SSHSigner {
        try HubOptions.signer(key, on: console)
    }

    func get(_ path: String, by family: Request.Family? = nil) throws(CommandFailure) -> JSONValue {
        try HubAnswer.value(of: authorized(request(path, by: family)), from: url + path)
    }

    /// An object that is not JSON.
    func bytes(_ path: String) throws(CommandFailure) -> [UInt8] {
        let response = try authorized(request(path))
        if response.status == 200 { return response.body }
        _ = try HubAnswer.value(of: response, from: url + path)
        throw CommandFailure(.unavailable, "\(url)\(path): the hub answered \(response.status)")
    }

    func post(_ path: String, _ body: Body) throws(CommandFailure) -> JSONValue {
        var request = request(path)
        (request.method, request.body) = (.post, body.bytes)
        request.headers = [("Content-Type", body.type)]
        return try HubAnswer.value(of: authorized(request), from: url + path)
    }

    /// Passes on the bytes of an answer as they come, for as long as the receiver wants more.
    ///
    /// - Returns: the status.
    /// - Throws: also when the time is over.
    func follow(
        _ path: String,
        headers: [(name: String, value: String)],
        atMost time: Duration,
        _ receiver: @escaping ([UInt8]) -> Bool
    ) throws(CommandFailure) -> Int {
        var request = request(path)
        (request.headers, request.time) = (headers, time)
        return try authorized(request, receiver).status
    }

    /// Puts a text.
    func put(_ path: String, _ text: [UInt8]) throws(CommandFailure) {
        var request = request(path)
        request.body = text
        request.headers = [("Content-Type", "text/plain")]
        _ = try HubAnswer.value(of: authorized(request), from: url + path)
    }

    private func request(_ path: String, by family: Request.Family? = nil) -> Request {
        var request = Request(url + path, limit: HubAnswer.limit)
        request.family = family
        // The other family may answer, so a broken one is not waited for.
        if family != nil { request.time = .seconds(5) }
        return request
    }
}

// MARK: sessions

extension HubClient {
    /// Logs in by a signature, and keeps the token.
    func logIn() throws(CommandFailure) -> HubLogin {
        let nonce = try HubAnswer.value(of: perform(request("/v1/login")), from: url)
        let file = try HubLogin.file(url: url, nonce: nonce["nonce"]?.text, by: signer())
        var request = request("/v1/login")
        (request.method, request.body) = (.post, file)
        request.headers = [("Content-Type", Body.file([]).type)]
        let login = try HubLogin(
            HubAnswer.value(of: perform(request), from: url + "/v1/login"),
            from: url
        )
        token = login.token
        if (try? tokens?.write(login.token)) == nil, let tokens {
            console.note("jitgate-fleet: \(tokens.path) cannot be written: the next call logs in")
        }
        return login
    }

    /// Ends the session, here and at the hub.
    func logOut() throws(CommandFailure) {
        guard token != nil else { return }
        var request = request("/v1/session")
        request.method = .delete
        authorize(&request)
        tokens?.drop()
        token = nil
        let response = try perform(request)
        guard response.status != 401 else { return }
        _ = try HubAnswer.value(of: response, from: url + "/v1/session")
    }

    private func authorized(
        _ request: Request,
        _ receiver: (([UInt8]) -> Bool)? = nil
    ) throws(CommandFailure) -> Response {
        var attempt = request
        let isFresh = token.map { $0.expires <= console.now() } ?? true
        if isFresh { try logInAside() }
        authorize(&attempt)
        let response = try perform(attempt, receiver)
        guard response.status == 401, !isFresh else { return response }
        tokens?.drop()
        try logInAside()
        attempt = request
        authorize(&attempt)
        return try perform(attempt, receiver)
    }

    private func logInAside() throws(CommandFailure) {
        let login = try logIn()
        console.note("jitgate-fleet: \(DisplayText.safe(login.summary))")
    }

    private func authorize(_ request: inout Request) {
        guard let token else { return }
        request.headers.append(("Authorization", "Bearer \(token.text)"))
    }

    /// Returns true if a text can stand in a header.
    static func isHeaderText(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

// MARK: requests

extension HubClient {
    /// The answer; one that asks for patience is waited for a few times.
    private func perform(
        _ request: Request,
        _ receiver: (([UInt8]) -> Bool)? = nil
    ) throws(CommandFailure) -> Response {
        for attempt in 0...Self.retries {
            let response = try respond(request, receiver)
            guard response.status == 503, attempt < Self.retries else { return response }
            Pause.sleep(Cadence.pause(afterFailures: attempt + 1, using: &random))
        }
        throw CommandFailure(.unavailable, "\(request.url): no answer")
    }

    private func respond(
        _ request: Request,
        _ receiver: (([UInt8]) -> Bool)?
    ) throws(CommandFailure) -> Response {
        do throws(TransferError) {
            return try connection.perform(request, receiver: receiver)
        } catch {
            switch error {
            case .stopped, .interrupted: throw CommandFailure(.temporary, "stopped")
            case .tooLong:
                throw CommandFailure(
                    .unavailable,
                    "\(request.url): the answer is longer than \(request.limit) bytes"
                )
            case .unanswered(let reason):
                throw CommandFailure(
                    .unavailable,
                    "no answer from the hub \(url): \(reason)"
                )
            }
        }
    }
}

import Grants
import HTTPTypes
import HubSettings
import HubStorage
import Hummingbird

/// Finds the person of a call, and refuses calls that a page of another site had a browser make.
struct SessionMiddleware: RouterMiddleware {
    /// A browser takes a cookie of this name from a secure page of this very host alone.
    static let cookie = "__Host-jitgate"
    /// The length of tokens.
    private static let length = 43
    /// The longest name that a proxy may pass.
    private static let nameLimit = 256

    let parts: HubParts

    func handle(
        _ request: Request,
        context: HubContext,
        next: @concurrent (Request, HubContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.peer = try await parts.peers.peer(of: request, context)
        context.person = try await person(of: request, context)
        if let person = context.person, person.login != .bearer {
            try Self.checkOrigin(of: request, url: parts.configuration.places.url)
        }
        guard let person = context.person else { return try await next(request, context) }
        do {
            return try await next(request, context)
        } catch {
            throw FailedCall(error: error, person: person)
        }
    }

    private func person(of request: Request, _ context: HubContext) async throws -> Person? {
        let proxied = try proxied(request, context.peer)
        if let token = try Self.bearer(request) {
            return try await signedIn(by: token, .bearer)
        }
        if let token = Self.cookie(request) {
            if let person = try await signedIn(by: token, .cookie) { return person }
        }
        return proxied
    }

    private func signedIn(by token: String, _ login: Person.Login) async throws -> Person? {
        guard token.utf8.count == Self.length else { return nil }
        let digest = Secret.digest(token)
        let now = parts.now()
        let session = try await parts.database.read { statements throws(StorageError) in
            try SessionRecords(statements: statements).session(digest, at: now)
        }
        guard let session,
            let permissions = parts.people.permissions(of: session.name, key: session.key, at: now),
            permissions.contains(.login)
        else { return nil }
        return Person(
            name: session.name,
            key: session.key,
            permissions: permissions,
            login: login,
            session: digest
        )
    }

    /// The person whom the proxy names; refuses the header from anybody else.
    private func proxied(_ request: Request, _ peer: Peer) throws(HubError) -> Person? {
        guard let header = parts.configuration.proxy.userHeader.flatMap({ HTTPField.Name($0) })
        else { return nil }
        let names = request.headers[values: header]
        guard let name = names.first else { return nil }
        guard peer.isProxy else {
            throw HubError(
                .malformed,
                "the header \(header) is not taken from here",
                "only the proxy may send it; leave it out"
            )
        }
        guard names.count == 1, Self.isName(name) else {
            throw HubError(.malformed, "the header \(header) has no single name", "send one name")
        }
        return Person(
            name: name,
            key: "",
            permissions: [.login, .request],
            login: .proxy,
            session: nil
        )
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.count <= nameLimit
            && text.unicodeScalars.allSatisfy {
                $0.properties.generalCategory != .control
                    && $0.properties.generalCategory != .format
            }
    }

    private static func bearer(_ request: Request) throws(HubError) -> String? {
        guard let text = request.headers[.authorization] else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }

    /// The token of the cookie; `nil` if there is none, or more than one.
    private static func cookie(_ request: Request) -> String? {
        let all = request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
            .map { $0.drop { $0 == " " } }
            .filter { $0.hasPrefix(cookie + "=") }
        return all.count == 1 ? all.first.map { String($0.dropFirst(cookie.count + 1)) } : nil
    }

    /// Refuses a change that no page of the hub itself asked for.
    static func checkOrigin(of request: Request, url: String) throws(HubError) {
        guard request.method != .get, request.method != .head else { return }
        let site = HTTPField.Name("Sec-Fetch-Site").flatMap { request.headers[$0] }
        let isOwn = request.headers[.origin].map { $0 == url } ?? (site == "same-origin")
        guard isOwn, site == nil || site == "same-origin" else {
            throw HubError(
                .origin,
                "the call does not come from a page of the hub",
                "open the page at \(url), and send it from there"
            )
        }
    }
}

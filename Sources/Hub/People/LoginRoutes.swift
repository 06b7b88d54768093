import Grants
import HTTPTypes
import HubPages
import HubSettings
import Hummingbird
import StrictJSON

/// Logging in and out (docs/PROTOCOL.hub, section 2).
struct LoginRoutes: HubRoutes {
    let parts: HubParts

    private var logins: Logins { Logins(parts: parts) }

    func add(to router: Router<HubContext>) {
        router.get("/v1/login") { _, _ in nonce() }
        router.post("/v1/login") { request, _ in try await logIn(request) }
        router.post("/login") { request, context in try await redeem(request, context) }
        router.post("/logout") { request, context in try await leave(request, context) }
        router.get("/v1/me") { _, context in try me(context) }
        router.delete("/v1/session") { _, context in
            try await logins.logOut(context.caller())
            return Self.withoutCookie(HubAnswer.empty())
        }
    }

    private func nonce() -> Response {
        let nonce = logins.nonce()
        return HubAnswer.json([
            "nonce": .string(nonce.text), "expires": .string(nonce.expires.wholeSecond.description),
        ])
    }

    private func logIn(_ request: Request) async throws -> Response {
        // Of a stranger so far: the hub holds no more of it than a login needs.
        let file = try await BodyReader.bytes(
            of: request,
            types: ["application/octet-stream"],
            limit: 32 << 10
        )
        let login = try await logins.logIn(file)
        return HubAnswer.json([
            "name": .string(login.name), "may": Self.list(login.permissions),
            "token": .string(login.token),
            "expires": .string(login.expires.wholeSecond.description),
            "link": .string("\(parts.configuration.places.url)/login?code=\(login.code)"),
        ])
    }

    private func redeem(_ request: Request, _ context: HubContext) async throws -> Response {
        // Also of a browser that nobody is logged in with: no other site may log it in as its own user.
        try SessionMiddleware.checkOrigin(of: request, url: parts.configuration.places.url)
        let form = try await FormBody(of: request)
        guard let code = form["code"] else {
            throw HubError(.malformed, "the form has no code", "use the link of the login")
        }
        let old = context.person?.login == .cookie ? context.person?.session : nil
        let session: (token: String, end: Moment)
        do {
            session = try await logins.redeem(code, ending: old)
        } catch let error as HubError where error.code == .used && request.wantsPage {
            return PageDesk(parts: parts).show(LoginPage(.used), context, .gone)
        }
        let seconds = max(0, (session.end - parts.now()).components.seconds)
        var response = HubAnswer.see("/")
        response.headers[.setCookie] = Self.cookie(session.token, seconds: seconds)
        return response
    }

    private func leave(_ request: Request, _ context: HubContext) async throws -> Response {
        let person = try context.caller()
        let form = try await FormBody(of: request)
        try parts.check(formToken: form["form_token"], of: person)
        try await logins.logOut(person)
        return Self.withoutCookie(HubAnswer.see("/login"))
    }

    private func me(_ context: HubContext) throws(HubError) -> Response {
        let person = try context.caller()
        return HubAnswer.json([
            "name": .string(person.name), "may": Self.list(person.permissions),
            "address": .optional(context.peer.address?.description),
            "is_signed": .bool(person.isSigned),
        ])
    }

    private static func list(_ permissions: Set<Permission>) -> JSONValue {
        .array(permissions.map(\.rawValue).sorted().map(JSONValue.string))
    }

    private static func cookie(_ token: String, seconds: Int64) -> String {
        let name = SessionMiddleware.cookie
        return "\(name)=\(token); Path=/; Max-Age=\(seconds); Secure; HttpOnly; SameSite=Lax"
    }

    private static func withoutCookie(_ response: Response) -> Response {
        var response = response
        response.headers[.setCookie] = cookie("", seconds: 0)
        return response
    }
}

extension HubParts {
    /// The token that the forms of a person's pages have.
    func formToken(of person: Person) -> String {
        secret.formToken(ofSession: person.session ?? "proxy \(person.name)")
    }

    /// Refuses a form that is not of a page that the hub made for this session.
    func check(formToken: String?, of person: Person) throws(HubError) {
        guard Secret.isSame(formToken ?? "", self.formToken(of: person)) else {
            throw HubError(.origin, "the form is of another session", "load the page again")
        }
    }
}

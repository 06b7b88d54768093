import Foundation
import Grants
import StrictJSON
import Synchronization
import TestSupport
import Testing

@testable import Hub

struct LoginTests {
    private static let octets = "application/octet-stream"

    @Test func `a signed nonce logs in, and its token says who one is`() async throws {
        let dana = try HubPerson("dana")
        let hub = try await RunningHub(people: [dana])
        let reply = try await hub.logIn(dana)
        #expect(reply.status == 200 && reply.json["name"]?.text == "dana")
        let token = try #require(reply.json["token"]?.text)
        let me = try await hub.call("GET", "/v1/me", token: token)
        #expect(me.status == 200 && me.json["name"]?.text == "dana", "\(me.text)")
        #expect(me.json["address"]?.text == "127.0.0.1" && me.json["is_signed"]?.flag == true)
        #expect(me.json["may"]?.items?.contains("jitgate-grant") == true)
        #expect(try await hub.call("GET", "/v1/me").code == "login-required")
        #expect(try await hub.call("DELETE", "/v1/session", token: token).status == 204)
        #expect(try await hub.call("GET", "/v1/me", token: token).status == 401)
        try await hub.stop()
    }

    @Test func `a login works once, here, and soon`() async throws {
        let dana = try HubPerson("dana")
        let time = Mutex(Moment.wall)
        let hub = try await RunningHub(people: [dana]) { time.withLock(\.self) }
        let url = "https://\(RunningHub.host)"
        let nonce = try await hub.call("GET", "/v1/login").json["nonce"]?.text ?? ""
        let file = try RunningHub.login(dana, url: url, nonce: nonce)
        let first = try await hub.call("POST", "/v1/login", body: file, type: Self.octets)
        #expect(first.status == 200, "\(first.text)")
        let again = try await hub.call("POST", "/v1/login", body: file, type: Self.octets)
        #expect(again.status == 410 && again.code == "used", "a replay")
        #expect(try await hub.logIn(dana, url: "https://hub.example.com").code == "not-signed")
        #expect(try await hub.logIn(dana, url: url + ":443").status == 200, "the port of https")
        #expect(try await hub.logIn(dana, url: "https://HUB.test").status == 200, "as typed")
        let old = try await hub.call("GET", "/v1/login").json["nonce"]?.text ?? ""
        time.withLock { $0 = $0 + .seconds(61) }
        let late = try RunningHub.login(dana, url: url, nonce: old)
        #expect(
            try await hub.call("POST", "/v1/login", body: late, type: Self.octets).code
                == "not-signed"
        )
        let forged = try RunningHub.login(dana, url: url, nonce: String(repeating: "A", count: 54))
        #expect(
            try await hub.call("POST", "/v1/login", body: forged, type: Self.octets).code
                == "not-signed"
        )
        try await hub.stop()
    }

    @Test func `nobody else logs in`() async throws {
        let (dana, eve) = (try HubPerson("dana"), try HubPerson("eve"))
        let asker = try HubPerson("olga", "jitgate-request")
        let hub = try await RunningHub(people: [dana, asker])
        #expect(try await hub.logIn(eve).code == "not-signed", "a stranger")
        #expect(try await hub.logIn(asker).code == "not-signed", "no jitgate-login")
        let nonce = try await hub.call("GET", "/v1/login").json["nonce"]?.text ?? ""
        let payload = Array(
            "{\"jitgate\":\"login/1\",\"url\":\"https://hub.test\",\"nonce\":\"\(nonce)\"}\n".utf8
        )
        let other = try dana.sign(payload, "jitgate-request")
        #expect(
            try await hub.call("POST", "/v1/login", body: other, type: Self.octets).code
                == "not-signed",
            "a signature for something else"
        )
        #expect(
            try await hub.call("POST", "/v1/login", body: payload, type: Self.octets).code
                == "not-signed"
        )
        #expect(
            try await hub.call("POST", "/v1/login", body: other, type: "text/plain").status == 415
        )
        for token in ["", "x", String(repeating: "A", count: 43), "' OR 1=1 --"] {
            #expect(try await hub.call("GET", "/v1/me", token: token).status == 401, "\(token)")
        }
        try await hub.stop()
    }

    @Test func `a link sets a cookie once, for a minute, and never one that was there`()
        async throws
    {
        let dana = try HubPerson("dana")
        let time = Mutex(Moment.wall)
        let hub = try await RunningHub(people: [dana]) { time.withLock(\.self) }
        let link = try await hub.logIn(dana).json["link"]?.text ?? ""
        let code = try #require(link.components(separatedBy: "https://hub.test/login?code=").last)
        let planted = String(repeating: "A", count: 43)
        let reply = try await hub.redeem(code, cookie: planted)
        #expect(reply.status == 303 && reply.headers["location"] == "/", "\(reply.text)")
        let cookie = try #require(reply.headers["set-cookie"])
        #expect(cookie.hasPrefix("__Host-jitgate=") && !cookie.contains(planted))
        for word in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            #expect(cookie.contains("; \(word)"), "\(cookie)")
        }
        #expect(!cookie.contains("Domain"))
        let again = try await hub.redeem(code)
        #expect(again.status == 410 && again.code == "used")
        let late = try await hub.logIn(dana).json["link"]?.text ?? ""
        time.withLock { $0 = $0 + .seconds(61) }
        #expect(try await hub.redeem(late.components(separatedBy: "=").last ?? "").status == 410)
        try await hub.stop()
    }

    @Test func `a new link ends the browser's old session`() async throws {
        let dana = try HubPerson("dana")
        let hub = try await RunningHub(people: [dana])
        let old = try await hub.cookie(of: dana)
        #expect(try await hub.call("GET", "/v1/me", cookie: old).status == 200)
        let link = try await hub.logIn(dana).json["link"]?.text ?? ""
        let code = link.components(separatedBy: "=").last ?? ""
        #expect(try await hub.redeem(code, cookie: old).status == 303)
        #expect(try await hub.call("GET", "/v1/me", cookie: old).status == 401)
        try await hub.stop()
    }

    @Test(arguments: [
        [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
        [("Origin", "https://evil.example.com")], [("Origin", "null")], [],
        [("Origin", "https://hub.test"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", "https://evil.test"), ("Sec-Fetch-Site", "same-origin")],
    ])
    func `no page of another site acts for a person`(headers: [(String, String)]) async throws {
        let dana = try HubPerson("dana")
        let hub = try await RunningHub(people: [dana])
        let cookie = try await hub.cookie(of: dana)
        let reply = try await hub.call("DELETE", "/v1/session", cookie: cookie, headers: headers)
        #expect(reply.status == 403 && reply.code == "origin")
        let link = try await hub.logIn(dana).json["link"]?.text ?? ""
        let code = link.components(separatedBy: "=").last ?? ""
        #expect(try await hub.redeem(code, headers: headers).code == "origin", "nor logs one in")
        #expect(try await hub.call("GET", "/v1/me", cookie: cookie, headers: headers).status == 200)
        let own = [("Origin", "https://hub.test")]
        #expect(
            try await hub.call("DELETE", "/v1/session", cookie: cookie, headers: own).status == 204
        )
        try await hub.stop()
    }

    @Test func `a form needs the token of its session`() async throws {
        let dana = try HubPerson("dana")
        let hub = try await RunningHub(people: [dana])
        let (first, second) = (try await hub.cookie(of: dana), try await hub.cookie(of: dana))
        func leave(_ cookie: String, _ token: String) async throws -> HubReply {
            try await hub.call(
                "POST",
                "/logout",
                body: Array("form_token=\(token)".utf8),
                type: "application/x-www-form-urlencoded",
                cookie: cookie,
                headers: [("Sec-Fetch-Site", "same-origin")]
            )
        }
        let token = hub.parts.secret.formToken(ofSession: Secret.digest(first))
        #expect(try await leave(second, token).code == "origin")
        #expect(try await leave(first, "").code == "origin")
        let reply = try await leave(first, token)
        #expect(reply.status == 303 && reply.headers["location"] == "/login")
        #expect(reply.headers["set-cookie"]?.contains("Max-Age=0") == true)
        #expect(try await hub.call("GET", "/v1/me", cookie: first).status == 401)
        try await hub.stop()
    }

    @Test func `a line that is gone ends its sessions, and so does time`() async throws {
        let (dana, olga) = (try HubPerson("dana"), try HubPerson("olga"))
        let time = Mutex(Moment.wall)
        let hub = try await RunningHub(people: [dana, olga]) { time.withLock(\.self) }
        let (danas, olgas) = (try await hub.token(of: dana), try await hub.token(of: olga))
        try hub.setPeople([olga, dana.with("jitgate-request")])
        #expect(try await hub.call("GET", "/v1/me", token: danas).status == 401)
        #expect(try await hub.call("GET", "/v1/me", token: olgas).status == 200)
        try hub.setPeople([olga, dana])
        #expect(try await hub.call("GET", "/v1/me", token: danas).status == 200)
        try Data("not a line\n".utf8).write(
            to: URL(fileURLWithPath: hub.folder.path + "/allowed_signers")
        )
        #expect(try await hub.call("GET", "/v1/me", token: olgas).status == 401, "fail closed")
        #expect(try await hub.call("GET", "/healthz").status == 503)
        try hub.setPeople([olga])
        #expect(try await hub.call("GET", "/healthz").status == 200)
        time.withLock { $0 = $0 + .seconds(8 * 3600) }
        #expect(try await hub.call("GET", "/v1/me", token: olgas).status == 401)
        try await hub.stop()
    }

    @Test func `the proxy on the Unix socket says who people are`() async throws {
        let folder = try TemporaryDirectory()
        let socket = folder.path + "/http"
        let settings = "listen = \"unix:\(socket)\"\nproxy_user_header = \"X-Remote-User\""
        let hub = try await RunningHub(settings: settings, in: folder)
        let result = try await Blocking.command([
            "curl", "-s", "--unix-socket", socket, "-H", "X-Remote-User: erin", "-H",
            "X-Forwarded-For: 10.9.9.9, 203.0.113.9", "-H", "Host: hub.test",
            "http://hub.test/v1/me",
        ])
        let text = String(decoding: result.output, as: UTF8.self)
        #expect(
            text.contains("\"erin\"") && text.contains("\"address\":\"203.0.113.9\""),
            "\(text)"
        )
        #expect(text.contains("\"is_signed\":false") && !text.contains("jitgate-grant"))
        try await hub.stop()
    }
}

import FetchSettings
import Grants
import Testing

@testable import HubSettings

struct HubConfigurationTests {
    private func read(_ text: String) throws(HubConfigurationError) -> HubConfiguration {
        try HubConfiguration(parsing: Array(text.utf8), file: "hub.toml")
    }

    private func error(_ text: String) -> String {
        do throws(HubConfigurationError) {
            _ = try read(text)
            return ""
        } catch {
            return error.description
        }
    }

    @Test func `a URL is enough`() throws {
        let hub = try read("url = \"https://Hub.Example.com/\"\n")
        #expect(hub.places.url == "https://hub.example.com")
        #expect(hub.places.approveURL == nil && hub.places.tls == nil)
        #expect(hub.places.listen == .ip("127.0.0.1", port: 8080))
        #expect(hub.places.store == .sqlite("/var/lib/jitgate-hub/hub.db"))
        #expect(hub.limits.requestLifetime == .seconds(86_400))
        #expect(hub.limits.sessionLifetime == .seconds(28_800))
        #expect(hub.limits.requestsPerPerson == 20 && hub.webhooks.isEmpty)
    }

    @Test func `every key is read`() throws {
        let hub = try read(
            """
            url = "https://hub.example.com:8443"
            approve_url = "https://approve.example.com"
            listen = "[::]:8443"
            store = "postgresql:///hub?host=/run/postgresql"
            state = "/srv/hub"
            allowed_signers = "/srv/signers"
            inventory = "/srv/inventory"
            request_lifetime = "12h"
            session_lifetime = "1h"
            requests_per_person = 5
            silent_after = "10m"
            proxy_user_header = "X-Remote-User"
            proxy_ca = "/srv/proxy.pem"
            metrics_from = ["10.0.0.0/8", "2001:db8::/32"]
            publish = "/srv/depot"
            [tls]
            certificate = "/srv/cert.pem"
            key = "/srv/key.pem"
            [hosts]
            client_ca = "/srv/hosts.pem"
            inventory_token = "/srv/token"
            [[webhook]]
            name = "chat"
            url = "https://chat.example.com/hook?token=1"
            secret_file = "/srv/secret"
            events = ["request.asked", "host.silent"]
            format = "slack"
            """
        )
        #expect(hub.places.listen == .ip("::", port: 8443))
        #expect(hub.places.store == .postgresql("postgresql:///hub?host=/run/postgresql"))
        #expect(hub.places.publish == .init(.directory("/srv/depot")))
        #expect(hub.places.inventory == "/srv/inventory" && hub.places.state == "/srv/hub")
        #expect(hub.limits.metricsFrom.map(\.description) == ["10.0.0.0/8", "2001:db8::/32"])
        #expect(hub.proxy.userHeader == "x-remote-user" && hub.proxy.authorities != nil)
        #expect(hub.hosts.authorities == "/srv/hosts.pem")
        #expect(hub.hosts.inventoryToken == "/srv/token")
        let webhook = try #require(hub.webhooks.first)
        #expect(webhook.events == [.asked, .hostSilent] && webhook.format == .slack)
    }

    private static let start = "url = \"https://h\"\n"
    private static let webhook =
        start + "[[webhook]]\nname = \"a\"\nurl = \"https://b\"\nsecret_file = \"/c\"\n"

    private static let mistakes: [(String, String)] = [
        ("", "hub.toml:1:1: `url` is missing; write the URL that people type"),
        ("url = 5", "hub.toml:1:1: `url` is an integer"),
        ("url = \"http://hub.example.com\"", "plain http goes to 127.0.0.1"),
        ("url = \"https://h/hub\"", "hub.toml:1:1: `url` is \"https://h/hub\"; a hub has a host"),
        ("url = \"https://u:p@h\"", "no user or password"),
        (
            start + "approve_url = \"https://h\"",
            "hub.toml:2:1: `approve_url` has the host of `url`"
        ),
        (start + "approve_url = \"https://h:444\"", "hub.toml:2:1: `approve_url` has the host"),
        (start + "listne = \"unix:/a\"", "hub.toml:2:1: `listne` is no key of this file; did you"),
        (start + "listen = \"0.0.0.0:80\"", "hub.toml:2:1: `listen` is \"0.0.0.0\", beyond this"),
        (start + "listen = \"localhost:80\"", "hub.toml:2:1: `listen` is \"localhost:80\"; \"127"),
        (start + "listen = \"::1:80\"", "`listen` is \"::1:80\""),
        (start + "listen = \"127.0.0.1:080\"", "`listen` is \"127.0.0.1:080\""),
        (start + "listen = \"127.0.0.1:65536\"", "`listen` is"),
        (start + "listen = \"unix:hub\"", "`listen` is the relative path \"hub\""),
        (start + "store = \"/var/lib/hub.db\"", "hub.toml:2:1: `store` is no store; \"sqlite:"),
        (start + "store = \"mysql://secret@h\"", "hub.toml:2:1: `store` is no store"),
        (start + "store = \"sqlite:hub.db\"", "`store` is the relative path"),
        (start + "request_lifetime = \"1s\"", "hub.toml:2:1: `request_lifetime` is \"1s\"; 1m to"),
        (start + "session_lifetime = \"soon\"", "is no length of time"),
        (start + "requests_per_person = 0", "`requests_per_person` is 0; an integer from 1"),
        (start + "proxy_user_header = \"X-User\"", "hub.toml:2:1: `proxy_user_header` would be"),
        (start + "proxy_user_header = \"Cookie\"", "a header such as X-Remote-User"),
        (start + "proxy_ca = \"/ca\"", "hub.toml:2:1: `proxy_ca` needs [tls]"),
        (start + "metrics_from = [\"10.0.0.0/8\", \"all\"]", "hub.toml:2:31: `metrics_from[1]`"),
        (start + "publish = \"depot\"", "or a path from / does"),
        (start + "publish_ca = \"/ca\"", "hub.toml:2:1: `publish_ca` needs a URL"),
        (
            start + "publish = \"/srv\"\npublish_credentials = \"/k\"",
            "hub.toml:3:1: `publish_credentials` needs a URL"
        ),
        (start + "[tls]\ncertificate = \"/c\"", "hub.toml:2:2: `tls.key` is missing"),
        (
            start + "listen = \"unix:/s\"\n[tls]\ncertificate = \"/c\"\nkey = \"/k\"",
            "`tls` is of no use on a Unix socket"
        ),
        (start + "[hosts]\nclient_ca = \"/c\"", "hub.toml:3:1: `hosts.client_ca` needs [tls]"),
        (start + "[hosts]\nclient = \"/c\"", "hub.toml:3:1: `hosts.client` is no key of [hosts]"),
        (start + "[webhook]\nname = \"a\"", "write [[webhook]]"),
        (start + "[[webhook]]\nname = \"a\"", "`webhook[0].url` is missing"),
        (
            start + "[[webhook]]\nname = \"a\"\nurl = \"https://b\"",
            "`webhook[0].secret_file` is missing"
        ),
        (start + "[[webhook]]\nname = \"a\"\nurl = \"http://b\"", "plain http goes to 127.0.0.1"),
        (webhook + "events = []", "hub.toml:6:1: `webhook[0].events` is empty"),
        (webhook + "events = [\"asked\"]", "hub.toml:6:11: `webhook[0].events[0]` is \"asked\""),
        (webhook + "events = [\"host.silent\"]\nformat = \"xml\"", "\"standard\" or \"slack\""),
        (start + "[[webhook]]\nname = \"a b\"", "letters, digits, - and _ belong here"),
        ("url = \"https://h", "hub.toml:1:"),
    ]

    @Test(arguments: mistakes)
    func `a mistake is told with its line and column`(text: String, expected: String) {
        #expect(error(text).contains(expected), "\(error(text))")
    }

    @Test func `a webhook gets all events unless it names some, and Slack needs no secret`() throws
    {
        let hub = try read(Self.webhook)
        #expect(hub.webhooks.first?.events == WebhookEvent.allCases)
        #expect(hub.webhooks.first?.secretFile == "/c")
        let slack = "[[webhook]]\nname = \"a\"\nurl = \"http://[::1]:8/x\"\nformat = \"slack\"\n"
        #expect(try read(Self.start + slack).webhooks.first?.secretFile == nil)
    }

    @Test func `a webhook is named once`() {
        let second = Self.webhook.dropFirst(Self.start.count)
        let events = "events = [\"host.silent\"]\n"
        #expect(error(Self.webhook + events + second + events).contains("is \"a\" again"))
    }

    @Test func `no message shows the password of a store`() {
        #expect(!error(Self.start + "store = \"mysql://u:s3cret@h\"").contains("s3cret"))
    }
}

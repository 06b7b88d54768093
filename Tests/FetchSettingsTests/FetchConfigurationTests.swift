import Depot
import Testing

@testable import FetchSettings

struct FetchConfigurationTests {
    private func read(_ text: String) throws(FetchConfigurationError) -> FetchConfiguration {
        try FetchConfiguration(parsing: Array(text.utf8), file: "fetch.toml")
    }

    private func error(_ text: String) -> String {
        do throws(FetchConfigurationError) {
            _ = try read(text)
            return ""
        } catch {
            return error.description
        }
    }

    @Test func `a URL is enough`() throws {
        let configuration = try read("[depot]\nurl = \"https://depot.example.com/jitgate/\"\n")
        #expect(configuration.url == "https://depot.example.com/jitgate")
        #expect(configuration.every == .seconds(10))
        #expect(configuration.inbox == "/var/lib/jitgate-fetch/inbox")
        let shelves = configuration.shelves(ofHost: "Web-1.Example.com")
        #expect(shelves.map(\.description) == ["all", "web-1.example.com"])
        #expect(
            configuration.shelves(ofHost: "all").map(\.description) == ["all"],
            "once is enough"
        )
        #expect(configuration.shelves(ofHost: "..").map(\.description) == ["all"])
    }

    @Test func `every key is read`() throws {
        let configuration = try read(
            """
            [depot]
            url = "https://depot.example.com:8443"
            ca = "/etc/jitgate/depot-ca.pem"
            certificate = "/etc/jitgate/fetch.pem"
            credentials = "/etc/jitgate/depot-keys"
            [fetch]
            shelves = ["{hostname}", "role-db"]
            every = "1m"
            inbox = "/srv/inbox"
            [report]
            status = "off"
            """
        )
        #expect(configuration.authorities == "/etc/jitgate/depot-ca.pem")
        #expect(configuration.certificate == "/etc/jitgate/fetch.pem")
        #expect(configuration.credentials == "/etc/jitgate/depot-keys")
        #expect(configuration.every == .seconds(60) && configuration.inbox == "/srv/inbox")
        #expect(configuration.shelves(ofHost: "a").map(\.description) == ["a", "role-db"])
    }

    @Test(
        arguments: [
            ("", nil), ("status = \"off\"", nil), ("status = \"5m\"", .seconds(300)),
            ("status = \"24h\"", .seconds(86_400)), ("status = \"change\"", .seconds(86_400)),
        ] as [(String, Duration?)]
    )
    func `the status is reported if that is asked for`(text: String, every: Duration?) throws {
        let configuration = try read("[depot]\nurl = \"https://d\"\n[report]\n\(text)")
        #expect(configuration.reportEvery == every)
        #expect(configuration.agentSocket == "/run/jitgate/control")
    }

    @Test(arguments: [
        ("", "fetch.toml:1:1: `depot.url` is missing"),
        ("[depot]\nurl = 5", "fetch.toml:2:1: `depot.url` is an integer"),
        ("[depot]\nurl = \"https://d\"\ncertficate = \"/a\"", "did you mean `certificate`?"),
        (
            "[depot]\nurl = \"https://d\"\nca = \"ca.pem\"",
            "fetch.toml:3:1: `depot.ca` is the relative path"
        ),
        (
            "[depot]\nurl = \"https://d\"\n[fetch]\nevery = \"1s\"",
            "fetch.toml:4:1: `fetch.every` is \"1s\"; 2s to 1h"
        ),
        ("[depot]\nurl = \"https://d\"\n[fetch]\nevery = \"soon\"", "is no length of time"),
        ("[depot]\nurl = \"https://d\"\n[fetch]\nshelves = []", "receives nothing"),
        (
            "[depot]\nurl = \"https://d\"\n[fetch]\nshelves = [\"all\", \"../x\"]",
            "fetch.toml:4:19:"
        ),
        ("[depot]\nurl = \"https://d\"\n[fetch]\nshelves = [\"{role}\"]", "which is no shelf"),
        (
            "[depot]\nurl = \"https://d\"\n[report]\nstatus = \"5s\"", "1m to 24h belongs here"
        ),
        (
            "[depot]\nurl = \"https://d\"\n[report]\nstatus = \"always\"", "is no length of time"
        ),
        ("[depot]\nurl = \"https://d\"\n[depots]", "did you mean `depot`?"),
        ("depot = 5", "fetch.toml:1:1: `depot` is an integer"),
        ("[depot", "fetch.toml:1:7:"),
    ])
    func `a mistake is told with its line and column`(text: String, expected: String) {
        #expect(error(text).contains(expected), "\(error(text))")
    }

    @Test(arguments: [
        "http://127.0.0.1:8080/x", "http://[::1]:80", "http://localhost", "https://10.0.0.1",
        "https://[2001:db8::1]:443/a/b", "https://s3.example.com/bucket/pre%20fix",
        "http://127.9.9.9",
    ])
    func `a depot is reached by HTTPS, or on loopback`(url: String) throws {
        #expect(try DepotURL(url).description == url)
    }

    @Test(arguments: [
        "", "depot.example.com", "ftp://d", "http://depot.example.com",
        "http://127.0.0.1.example.com",
        "http://127.1", "http://localhost.example.com", "http://[::2]", "https://", "https:///x",
        "https://a:0",
        "https://a:65536", "https://a:b", "https://user:pass@d", "https://127.0.0.1@d",
        "https://d/?q", "https://d/#f",
        "https://d/../x", "https://d/a b", "https://[::1", "https://[]", "https://d\\e",
        "HTTPS://d", "https://ä",
        "file:///etc/passwd",
    ])
    func `no other URL is a depot`(url: String) {
        #expect(throws: DepotURLError.self) { try DepotURL(url) }
    }

    @Test func `keys of S3 are read as the AWS command line has them`() throws {
        let text =
            "# of the fleet\n[default]\naws_access_key_id = AKIA\naws_secret_access_key=a/b+c=\nregion = eu-1\n"
        let file = try CredentialsFile(parsing: Array(text.utf8))
        #expect(file.accessKey == "AKIA" && file.secretKey == "a/b+c=" && file.region == "eu-1")
    }

    @Test(arguments: [
        "", "aws_access_key_id = a",
        "aws_access_key_id = a\naws_access_key_id = b\naws_secret_access_key = c",
        "aws_access_key_id = a\naws_secret_access_key =",
        "aws_access_key_id = a b\naws_secret_access_key = c",
        "aws_access_key_id = a\naws_secret_access_key = s3cret\naws_session_token = s3cret",
        "[other]\naws_access_key_id = a\naws_secret_access_key = s3cret",
    ])
    func `a malformed file of keys is refused, and no message holds a secret`(text: String) {
        let error = #expect(throws: CredentialsFile.Failure.self) {
            try CredentialsFile(parsing: Array(text.utf8))
        }
        #expect(error?.description.contains("s3cret") == false)
    }
}

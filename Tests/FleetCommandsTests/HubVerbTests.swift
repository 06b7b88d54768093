import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// The verbs of a hub's people, beside a hub that need not be honest.
struct HubVerbTests {
    private let hub: LyingHub

    init() throws { hub = try LyingHub() }

    @Test func `a login signs the URL as typed and the nonce, and keeps the token for its owner`()
        throws
    {
        let result = try hub.run("login", hub.url + "/")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.hasPrefix("logged in as dana until 2099-01-01T00:00:00Z"))
        // Nothing that the hub says acts on the terminal.
        #expect(result.text == "http://elsewhere.example/\\u{1b}[2J\n")
        let file = try #require(try hub.posted("login").first)
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.contains("\"\(hub.url)\"") && text.contains("\"n0nce-of-this-hub-only\""))
        let mode = try FileManager.default.attributesOfItem(atPath: hub.token)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try String(contentsOfFile: hub.token, encoding: .utf8).contains("t0ken-1"))
    }

    @Test func `a command logs in by itself, once, and again when the hub forgot it`() throws {
        try hub.request()
        #expect(try hub.run("requests").status == 0)
        #expect(try hub.run("requests").errors.isEmpty)
        #expect(try hub.posted("login").count == 1)
        try hub.write(
            "{\"url\":\"\(hub.url)\",\"name\":\"dana\",\"token\":\"old\",\"expires\":\"2099-01-01T00:00:00Z\"}",
            to: String(hub.token.dropFirst(hub.folder.path.count + 1))
        )
        #expect(try hub.run("requests").errors.contains("logged in as dana"))
        #expect(try hub.posted("login").count == 2)
        // One that forgets everybody is asked once more, and no further.
        try hub.write("", to: "forgetful")
        let refused = try hub.run("requests")
        #expect(refused.status == 77 && refused.errors.contains("nobody is logged in"))
        #expect(try hub.posted("login").count == 3)
    }

    @Test func `a token that has expired is dropped, and so is one at logout`() throws {
        try hub.write("2020-01-01T00:00:00Z", to: "expires")
        #expect(try hub.run("login").status == 0)
        try hub.request()
        try hub.write("2099-01-01T00:00:00Z", to: "expires")
        #expect(try hub.run("requests").errors.contains("logged in as dana"))
        #expect(FileManager.default.fileExists(atPath: hub.token))
        #expect(try hub.run("login", "--logout").status == 0)
        #expect(!FileManager.default.fileExists(atPath: hub.token))
    }

    @Test func `a list shows the payload's words, and ends where a hub's would not`() throws {
        try hub.request(ticket: "INC-7")
        let list = try hub.run("requests")
        #expect(list.status == 0, "\(list.errors)")
        let lines = list.text.split(separator: "\n")
        #expect(lines.first?.hasPrefix("ID") == true && lines.count > 1)
        #expect(lines.last?.contains("INC-7") == true && lines.last?.contains("web-1") == true)
        let json = try JSONNode.parse(hub.run("requests", "--json", "-n", "1").output).value
        #expect(json["requests"]?.items?.first?["id"]?.text == LyingHub.id)
        #expect(try hub.run("requests", "--csv", "--state", "denied").text.hasPrefix("id,state,"))
        #expect(try hub.run("requests", "--state", "bogus").status == 2)
        let shown = try hub.run("requests", LyingHub.id).text
        #expect(shown.contains("lets dana in from 192.0.2.7/32 to 22/tcp"))
        #expect(shown.contains("web-1: needs 1 approval"))
    }

    @Test func `an approval is a signature over the very payload`() throws {
        let payload = try hub.request()
        let asked = try hub.run("approve", LyingHub.id)
        #expect(asked.status == 2 && asked.errors.contains("there is no terminal to ask on"))
        #expect(asked.errors.contains("because disk full"))
        #expect(try hub.posted("signatures").isEmpty)
        let approved = try hub.run("approve", "--yes", LyingHub.id)
        #expect(approved.status == 0 && approved.text.hasPrefix("approved  \(LyingHub.id)"))
        let signature = try #require(try hub.posted("signatures").first)
        #expect(try signature == hub.key.sign(payload))
    }

    @Test(arguments: [
        (#"{"requestor": "mallory"}"#, "requestor"), (#"{"hosts": ["web-2"]}"#, "hosts"),
        (#"{"ports": ["22/tcp", "22/tcp"]}"#, "ports"), (#"{"sources": []}"#, "sources"),
        (#"{"expires": "2026-11-28T10:00:00Z"}"#, "expires"),
        (#"{"not_before": "2026-11-28T10:00:00Z"}"#, "not_before"),
        (#"{"reason": "another"}"#, "reason"), (#"{"ticket": "INC-1"}"#, "ticket"),
        (#"{"supersedes": ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d12"]}"#, "supersedes"),
        (#"{"sha256": "00"}"#, "sha256"),
    ])
    func `what a hub shows otherwise than the bytes say is never signed`(
        lie: String,
        member: String
    ) throws {
        try hub.request()
        try hub.write(lie, to: "lies.json")
        let result = try hub.run("approve", "--yes", LyingHub.id)
        #expect(result.status == 1)
        #expect(result.errors.contains("the hub shows another \(member) than its payload has"))
        #expect(try hub.run("deny", LyingHub.id, "--reason", "no").status == 1)
        #expect(try hub.posted("signatures").isEmpty && hub.posted("decisions").isEmpty)
    }

    @Test func `another request in place of the one that was named is not signed`() throws {
        try hub.request()
        let other = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d12"
        let result = try hub.run("approve", "--yes", other)
        #expect(result.status == 1 && result.errors.contains("its payload is that of"))
        #expect(try hub.posted("signatures").isEmpty)
    }

    @Test func `a decision is signed, and names the digest of the payload`() throws {
        try hub.request()
        let denied = try hub.run("deny", LyingHub.id, "--reason", "not during the freeze")
        #expect(denied.status == 0, "\(denied.errors)")
        let file = try #require(try hub.posted("decisions").first)
        let text = String(decoding: file, as: UTF8.self)
        let sum = try Command.run(["sha256sum", hub.path("payload")]).text.prefix(64)
        #expect(text.contains("\"\(sum)\"") && text.contains("\"deny\""))
        #expect(text.contains("BEGIN SSH SIGNATURE"))
        #expect(try hub.run("withdraw-request", LyingHub.id).text.hasPrefix("withdrawn"))
        let body = try #require(try hub.posted("decisions").last)
        #expect(try JSONNode.parse(body).value["decision"] == "withdraw")
    }

    @Test func `a refusal is told with the reason of each host, and ends with 1`() throws {
        try hub.write(
            #"422 {"error": {"code": "refused", "message": "no host would take it\u001b[2J", "#
                + #""remedy": "ask for less", "hosts": [{"host": "web-1", "refuses": "#
                + #"{"code": "too-long", "message": "2h is longer than 1h", "remedy": "ask for 1h"}}]}}"#,
            to: "answer"
        )
        let result = try hub.run(
            "ask",
            "--host",
            "web-1",
            "--port",
            "22/tcp",
            "--for",
            "2h",
            "--reason",
            "r"
        )
        #expect(result.status == 1)
        #expect(result.errors.contains("no host would take it\\u{1b}[2J"))
        #expect(result.errors.contains("web-1 refuses: 2h is longer than 1h; ask for 1h"))
        #expect(result.errors.contains("  ask for less"))
    }

    @Test func `a request asks from the address that the hub sees, and says who was asked`() throws
    {
        let result = try hub.run(
            "ask",
            "--host",
            "web-1",
            "--port",
            "22/tcp",
            "--for",
            "1h",
            "--reason",
            "r"
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("--source my: 127.0.0.1/32, as the hub sees you"))
        #expect(result.errors.contains("asked for an approval: ops, sec\\u{1b}[31m"))
        let file = try #require(try hub.posted("requests").first)
        let payload = String(decoding: file, as: UTF8.self).split(separator: "-----BEGIN")[0]
        let grant = try Grant(parsing: Array(payload.utf8))
        #expect(grant.requestor == "dana" && grant.duration == .seconds(3600))
    }

    @Test func `a wait ends with the reason when the request is denied`() throws {
        try hub.request()
        try hub.write(
            #"{"state": "denied", "decision": {"decision": "deny", "by": "ops", "reason": "freeze"}}"#,
            to: "lies.json"
        )
        let result = try hub.run(
            "ask",
            "--host",
            "web-1",
            "--port",
            "22/tcp",
            "--for",
            "1h",
            "--reason",
            "r",
            "--wait"
        )
        #expect(result.status == 1)
        #expect(result.errors.contains("was denied by ops: freeze"))
    }

    @Test func `a wait ends in time, and the request stays`() throws {
        let result = try hub.run(
            "ask",
            "--host",
            "web-1",
            "--port",
            "22/tcp",
            "--for",
            "1h",
            "--reason",
            "r",
            "--wait",
            "--at-most",
            "1s"
        )
        #expect(result.status == 75)
        #expect(result.errors.contains("pending: needs 1 approval"))
        #expect(result.errors.contains("jitgate withdraw"))
    }

    @Test func `ssh runs once the port is open, and asks nobody where it is open already`() throws {
        try hub.write("#!/bin/sh\necho ran \"$@\"\n", to: "ssh")
        _ = try Command.run(["chmod", "755", hub.path("ssh")])
        try hub.write("2026-11-28T10:00:00Z", to: "open")
        try hub.write("open", to: "state")
        func ssh(_ words: String...) throws -> Command.Result {
            try Command.run(
                [AgentHost.build + "jitgate-fleet", "ssh", "--key", hub.key.privateFile] + words,
                environment: [
                    "HOME": hub.folder.path, "JITGATE_HUB": hub.url, "SSH_AUTH_SOCK": "",
                    "PATH": hub.folder.path + ":/usr/bin:/bin",
                ]
            )
        }
        let first = try ssh("--reason", "r", "dana@web-1", "-v", "uptime")
        #expect(first.text == "ran dana@web-1 -v uptime\n", "\(first.errors)")
        let grant = try String(contentsOfFile: hub.path("payload"), encoding: .utf8)
        #expect(grant.contains("\"web-1\"") && grant.contains("\"22/tcp\""))
        let second = try ssh("--open-only", "web-1")
        #expect(second.status == 0 && second.output.isEmpty, "\(second.errors)")
        #expect(try hub.posted("requests").count == 1)
        #expect(try ssh("-v", "web-1").status == 2)
        #expect(try ssh("--help").text.contains("Match host"))
    }

    @Test(arguments: ["/moved", "/garbage", "/none"])
    func `what is no hub is said to be none`(path: String) throws {
        let result = try hub.run("login", hub.url + path)
        #expect(result.status != 0 && result.status != 2)
        #expect(result.errors.contains("hub"))
        #expect(!result.errors.contains("\u{1B}"))
        #expect(try hub.posted("login").isEmpty)
    }

    @Test func `a hub that is not named, or not by https, is no hub`() throws {
        let plain = try hub.run("requests", "--hub", "http://hub.example.com")
        #expect(plain.status == 2 && plain.errors.contains("use https"))
        let none = try Command.run(
            [AgentHost.build + "jitgate-fleet", "requests"],
            environment: ["HOME": hub.folder.path, "JITGATE_HUB": ""]
        )
        #expect(none.status == 2 && none.errors.contains("no hub is named"))
        try FileManager.default.createDirectory(
            atPath: hub.path(".config/jitgate"),
            withIntermediateDirectories: true
        )
        try hub.write("hub = \"\(hub.url)\"\n", to: ".config/jitgate/config.toml")
        let found = try Command.run(
            [AgentHost.build + "jitgate-fleet", "requests", "--key", hub.key.privateFile],
            environment: ["HOME": hub.folder.path, "JITGATE_HUB": "", "SSH_AUTH_SOCK": ""]
        )
        #expect(found.status == 0, "\(found.errors)")
    }
}

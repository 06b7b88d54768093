import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// A real hub with one real host, whose carrier fetches from it, and people with keys of their own.
final class HubJourney {
    let host: AgentHost
    let url: String
    private let hub = Process()
    private let people: [String: SSHKey]
    private static let may = [
        "dana": "jitgate-login,jitgate-request",
        "ops": "jitgate-login,jitgate-grant,jitgate-decision",
        "robot": "jitgate-login,jitgate-grant,jitgate-decision",
    ]

    init() throws {
        host = try AgentHost()
        people = try Self.may.mapValues { _ in try SSHKey() }
        url = "http://127.0.0.1:\(try Self.freePort())"
        try prepareHost()
        try host.start()
        try startHub()
        try report()
    }

    deinit { hub.end() }

    /// A port that nobody listens on, as the kernel names one.
    private static func freePort() throws -> Int {
        let script =
            "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1])"
        guard let port = Int(try Command.run(["python3", "-c", script]).text.dropLast()) else {
            throw CommandFailure("no port is free")
        }
        return port
    }

    private func prepareHost() throws {
        let path = host.path
        let lines = try people.map {
            "\($0) namespaces=\"\(Self.may[$0] ?? "")\" \(try $1.publicLine)\n"
        }
        try host.write(lines.joined(), to: "allowed_signers")
        try host.edit {
            $0 + "[[inbox]]\ndirectory = \"\(path)/fetch/inbox\"\nowner = \"nobody\"\n"
                + "[defaults]\napprovals = 2\nseparate_requestor = true\n[[port]]\nnumber = 22\n"
                + "protocol = \"tcp\"\n"
        }
        try run("chmod", "0755", path)
        for (directory, mode) in [("fetch", "0755"), ("fetch/inbox", "2750"), ("checks.d", "0755")]
        {
            try host.makeDirectory(directory)
            try run("chmod", mode, "\(path)/\(directory)")
        }
        try host.write(
            "[depot]\nurl = \"\(url)\"\n[fetch]\nshelves = [\"all\", \"web-1\"]\ninbox = \"\(path)/fetch/inbox\"\n",
            to: "fetch/fetch.toml"
        )
        try run("chown", "-R", "65534:0", path + "/fetch")
        for name in people.keys { try host.makeDirectory(name) }
    }

    private func startHub() throws {
        let path = host.path
        try host.makeDirectory("hub")
        try host.write("web-1 \(host.jitgate("audit", "key").text)", to: "hosts")
        try host.write(
            """
            url = "\(url)"
            listen = "\(url.dropFirst("http://".count))"
            store = "sqlite:\(path)/hub/hub.db"
            state = "\(path)/hub"
            allowed_signers = "\(path)/allowed_signers"
            inventory = "\(path)/hosts"

            """,
            to: "hub.toml"
        )
        hub.executableURL = URL(filePath: "/usr/bin/env")
        hub.arguments = [AgentHost.build + "jitgate-hub", "--config", path + "/hub.toml"]
        hub.standardError = FileHandle.nullDevice
        try hub.run()
        try eventually { try Command.run(["curl", "-sf", url + "/healthz"]).status == 0 }
    }

    private func run(_ words: String...) throws {
        let result = try Command.run(words)
        guard result.status == 0 else { throw CommandFailure(result.errors + result.text) }
    }

    /// Puts the signed status of the host where its carrier puts it.
    func report() throws {
        try host.write(try host.jitgate("attest").text, to: "status")
        try run("curl", "-sf", "-T", host.path + "/status", url + "/status/web-1")
    }

    /// One round of jitgate-fetch, as the owner of the inbox.
    func bring() throws {
        try run(
            "setpriv",
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            AgentHost.build + "jitgate-fetch",
            "--once",
            "--config",
            host.path + "/fetch/fetch.toml"
        )
    }

    /// Runs jitgate-fleet as one of the people.
    func run(as name: String, _ words: [String]) throws -> Command.Result {
        let key = try #require(people[name]).privateFile
        return try Command.run(
            [AgentHost.build + "jitgate-fleet", words[0], "--key", key] + words.dropFirst(),
            environment: [
                "HOME": "\(host.path)/\(name)", "JITGATE_HUB": url, "SSH_AUTH_SOCK": "",
                "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "",
            ]
        )
    }

    /// Starts jitgate-fleet as one of the people.
    func start(as name: String, _ words: [String]) throws -> Process {
        let key = try #require(people[name]).privateFile
        let process = Process()
        process.executableURL = URL(filePath: AgentHost.build + "jitgate-fleet")
        process.arguments = [words[0], "--key", key] + words.dropFirst()
        process.environment = [
            "HOME": "\(host.path)/\(name)", "JITGATE_HUB": url, "SSH_AUTH_SOCK": "",
            "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "PATH": "/usr/bin:/bin",
        ]
        (process.standardOutput, process.standardError) = (nil, nil)
        try process.run()
        return process
    }

    /// The number of those who follow the hub's events.
    func listeners() throws -> Int? {
        let metrics = try Command.run(["curl", "-s", url + "/metrics"]).text
        let line = metrics.split(separator: "\n").first {
            $0.hasPrefix("jitgate_hub_event_listeners ")
        }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }

    /// The requests that somebody has signed.
    func ids(signedBy name: String) throws -> [String] {
        let shown = try run(as: "dana", ["requests", "--json"])
        let requests = try JSONNode.parse(shown.output).value["requests"]?.items ?? []
        return requests.filter { request in
            (request["signatures"]?.items ?? []).contains { $0["signer"]?.text == name }
        }
        .compactMap { $0["id"]?.text }
    }

    /// Asks for port 22 of the host, and returns the id.
    func ask(_ more: String...) throws -> String {
        let words = ["--host", "web-1", "--port", "22/tcp", "--source", "192.0.2.7", "--for", "1h"]
        let result = try run(as: "dana", ["ask", "--json", "--reason", "disk full"] + words + more)
        guard result.status == 0 else { throw CommandFailure(result.errors) }
        return try #require(JSONNode.parse(result.output).value["id"]?.text)
    }

    func state(_ id: String) throws -> String? {
        let shown = try run(as: "dana", ["requests", id, "--json"])
        return try JSONNode.parse(shown.output).value["requests"]?.items?.first?["state"]?.text
    }
}

@Suite struct `A request at a hub` {
    @Test func `opens the port when one of two approvers is a person and the other a robot`() throws
    {
        let journey = try HubJourney()
        let id = try journey.ask()
        #expect(try journey.state(id) == "pending")
        let approved = try journey.run(as: "ops", ["approve", "--yes", id])
        #expect(approved.status == 0 && approved.text.contains("web-1: needs 1 approval"))
        let path = journey.host.path
        try journey.host.write("#!/bin/sh\necho '{\"decision\": \"allow\"}'\n", to: "checks.d/yes")
        _ = try Command.run(["chmod", "755", path + "/checks.d/yes"])
        let robot = try journey.run(
            as: "robot",
            ["robot", "--once", "--checks", path + "/checks.d", "--allowed-signers"]
                + [path + "/allowed_signers"]
        )
        #expect(robot.status == 0 && robot.text.contains("signed"), "\(robot.errors)\(robot.text)")
        #expect(try journey.state(id) == "published")
        try journey.bring()
        try eventually { try journey.host.openings() == ["192.0.2.7 . tcp . 22"] }
        try journey.report()
        #expect(try journey.state(id) == "open")
        // Nobody is asked again for what is open.
        let again = try journey.run(
            as: "dana",
            ["ssh", "--open-only", "--json", "--source", "192.0.2.7", "web-1"]
        )
        #expect(try JSONNode.parse(again.output).value["id"]?.text == id, "\(again.errors)")
    }

    /// The robot would look again after ten minutes, and the one who waits after a minute.
    @Test func `is answered by a robot, and told to who waits, as the hub's events come`() throws {
        let journey = try HubJourney()
        let path = journey.host.path
        try journey.host.write("#!/bin/sh\necho '{\"decision\": \"allow\"}'\n", to: "checks.d/yes")
        _ = try Command.run(["chmod", "755", path + "/checks.d/yes"])
        let robot = try journey.start(
            as: "robot",
            ["robot", "--every", "10m", "--checks", path + "/checks.d", "--allowed-signers"]
                + [path + "/allowed_signers"]
        )
        defer { robot.end() }
        try eventually { try journey.listeners() == 1 }
        let id = try journey.ask()
        let waiting = try journey.start(
            as: "dana",
            ["ssh", "--open-only", "--json", "--reason", "r", "--source", "192.0.2.8", "web-1"]
        )
        defer { waiting.end() }
        // Both requests have the robot's signature; the person's opens the second.
        var ids: [String] = []
        try eventually {
            ids = try journey.ids(signedBy: "robot")
            return ids.count == 2
        }
        for id in ids {
            #expect(try journey.run(as: "ops", ["approve", "--yes", id]).status == 0)
        }
        try journey.bring()
        try eventually { try journey.host.openings().count == 2 }
        try journey.report()
        waiting.waitUntilExit()
        #expect(waiting.terminationStatus == 0)
        #expect(ids.contains(id))
    }

    @Test
    func `is denied with a reason, withdrawn by who asked, and refused where none would take it`()
        throws
    {
        let journey = try HubJourney()
        let first = try journey.ask()
        #expect(try journey.run(as: "ops", ["deny", first, "--reason", "freeze"]).status == 0)
        #expect(try journey.state(first) == "denied")
        // Nothing is known of a host that is not in the inventory.
        let unknown = try journey.run(
            as: "dana",
            ["ask", "--reason", "r", "--host", "web-9", "--port", "22/tcp", "--for", "1h"]
        )
        #expect(unknown.text.contains("web-9: nothing is known of it"), "\(unknown.errors)")
        let list = try journey.run(as: "dana", ["requests", "--csv", "--host", "web-9"])
        #expect(list.text.contains(",?,r,"), "\(list.text)")
        let late = try journey.run(as: "ops", ["approve", "--yes", first])
        #expect(late.status == 1, "\(late.errors)")
        let second = try journey.ask()
        #expect(try journey.run(as: "dana", ["deny", second, "--reason", "mine"]).status != 0)
        #expect(try journey.run(as: "dana", ["withdraw-request", second]).status == 0)
        #expect(try journey.state(second) == "withdrawn")
        let words = [
            "--host", "web-1", "--port", "22/tcp", "--source", "192.0.2.7", "--for", "100h",
        ]
        let refused = try journey.run(as: "dana", ["ask", "--reason", "r"] + words)
        #expect(
            refused.status == 1 && refused.errors.contains("web-1 refuses: "),
            "\(refused.errors)"
        )
        let stranger = try journey.run(as: "robot", ["ask", "--reason", "r"] + words)
        #expect(stranger.status == 77 || stranger.status == 1, "\(stranger.errors)")
    }
}

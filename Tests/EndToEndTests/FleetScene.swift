import Foundation
import TestSupport

/// A host whose inbox jitgate-fetch fills from a depot on nginx, and a desk that posts there.
struct FleetScene {
    let host: AgentHost
    let depot: NginxDepot
    private var fetch: String { host.path + "/fetch" }

    init() throws {
        host = try AgentHost()
        depot = try NginxDepot()
        let path = host.path
        try host.edit {
            $0 + "[[inbox]]\ndirectory = \"\(path)/fetch/inbox\"\nowner = \"nobody\"\n"
        }
        try run("chmod", "0755", path)
        for (directory, mode) in [("fetch", "0755"), ("fetch/inbox", "2750")] {
            try host.makeDirectory(directory)
            try run("chmod", mode, "\(path)/\(directory)")
        }
        for file in ["ca.pem", "client.pem"] {
            try run("cp", "\(depot.path)/\(file)", fetch)
        }
        let configuration = """
            [depot]
            url = "\(depot.url)"
            ca = "\(fetch)/ca.pem"
            certificate = "\(fetch)/client.pem"
            [fetch]
            shelves = ["all", "web-1"]
            inbox = "\(fetch)/inbox"
            """
        try host.write(configuration, to: "fetch/fetch.toml")
        try run("chown", "-R", "\(InboxHost.owner):0", fetch)
    }

    private func run(_ words: String...) throws { try run(words) }

    private func run(_ words: [String]) throws {
        let result = try Command.run(words)
        guard result.status == 0 else { throw CommandFailure(result.errors) }
    }

    /// The command by which a publisher posts a file.
    func posting(_ file: String) -> [String] {
        [
            AgentHost.build + "jitgate-fleet", "post", file, "--depot", depot.url, "--ca",
            depot.path + "/ca.pem", "--certificate", depot.path + "/client.pem",
            "--allowed-signers", host.path + "/allowed_signers",
        ]
    }

    /// Posts a file as a publisher does, by `jitgate fleet`.
    func post(_ bytes: [UInt8]) throws -> Command.Result {
        let file = host.path + "/posted.grant"
        try Data(bytes).write(to: URL(filePath: file))
        return try Command.run(
            [AgentHost.build + "jitgate", "fleet"] + posting(file).dropFirst(),
            environment: ["PATH": AgentHost.build + ":/usr/sbin:/usr/bin:/sbin:/bin"]
        )
    }

    /// One round of jitgate-fetch, as the owner of the inbox.
    var bringing: [String] {
        let user = "\(InboxHost.owner)"
        return ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
            + [AgentHost.build + "jitgate-fetch", "--once", "--config", fetch + "/fetch.toml"]
    }

    func bring() throws { try run(bringing) }

    func isOpen() throws -> Bool { try host.openings() == ["192.0.2.7 . tcp . 22"] }
}

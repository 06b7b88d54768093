import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// A host with an inbox, which a user without privileges fills.
struct InboxHost {
    /// The user who is called nobody.
    static let owner = 65_534
    static let policy = "[[inbox]]\ndirectory = \"PATH/inbox\"\nowner = \"nobody\"\n"

    let host: AgentHost
    var inbox: String { host.path + "/inbox" }

    init(policy: String = "", signers: String = "") throws {
        host = try AgentHost(policy: policy, signers: signers)
        let path = host.path
        try host.edit { $0 + Self.policy.replacing("PATH", with: path) }
        try makeInbox()
    }

    func makeInbox() throws {
        try host.makeDirectory("inbox")
        try run("chown", "\(Self.owner):0", inbox)
        try run("chmod", "2750", inbox)
    }

    /// Renames a file of the owner's into the inbox, after `change` was done to it.
    func offer(_ bytes: [UInt8], as name: String, _ change: [String] = []) throws {
        let path = host.path + "/" + name
        try Data(bytes).write(to: URL(filePath: path))
        try run("chown", "\(Self.owner):0", path)
        try run("chmod", "0640", path)
        if !change.isEmpty { try run(change + [path]) }
        try place(path, as: name)
    }

    /// Renames a file of any kind into the inbox.
    func place(_ path: String, as name: String) throws {
        guard unsafe rename(path, inbox + "/" + name) == 0 else {
            throw CommandFailure("rename: errno \(errno)")
        }
    }

    func withdraw(_ name: String) throws {
        try FileManager.default.removeItem(atPath: inbox + "/" + name)
    }

    func run(_ words: String...) throws { try run(words) }

    func run(_ words: [String]) throws {
        let result = try Command.run(words)
        guard result.status == 0 else { throw CommandFailure(result.errors) }
    }

    func isOpen() throws -> Bool { try host.openings() == ["192.0.2.7 . tcp . 22"] }

    /// The number of refused offers by the log.
    func refusedOffers() throws -> Int {
        try host.records("offers-refused").reduce(0) {
            $0 + ($1["JITGATE_MISSED"]?.text.flatMap { Int($0) } ?? 0)
        }
    }

    /// A good grant for another source, which shows that all before it was read.
    func offerProbe(as name: String = "probe.grant") throws {
        try offer(host.grant(changes: [.init("sources", ["198.51.100.9"])]), as: name)
        try eventually { try host.openings().contains("198.51.100.9 . tcp . 22") }
    }
}

@Suite struct `An offer in an inbox` {
    @Test func `opens, and stays open without its file, over a restart and without the inbox`()
        throws
    {
        let scene = try InboxHost()
        try scene.host.start()
        try scene.offer(scene.host.grant(), as: "a.grant")
        try eventually { try scene.isOpen() }
        let accepted = try #require(try scene.host.records("grant-accepted").first)
        #expect(accepted["JITGATE_ORIGIN"] == "inbox")
        #expect(accepted["JITGATE_FILE"]?.text == scene.inbox + "/a.grant")
        try scene.withdraw("a.grant")
        try scene.offerProbe()
        #expect(try scene.host.openings().contains("192.0.2.7 . tcp . 22"))
        let left = try scene.host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0
        scene.host.kill()
        try FileManager.default.removeItem(atPath: scene.inbox)
        try scene.host.start()
        #expect(try scene.host.openings().count == 2)
        #expect(try scene.host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0 <= left)
        #expect(try scene.host.records("grant-closed").isEmpty)
        #expect(try scene.host.records("grant-opened").count == 2)
        let list = try scene.host.jitgate("list", "--json")
        #expect(list.text.contains("a.grant"))
        #expect(try scene.host.conditions().contains { $0.contains("does not exist") })
        // It is taken up again when it is there, and what it brought before opens nothing twice.
        try scene.makeInbox()
        try eventually { try scene.host.conditions().isEmpty }
        let audit = try scene.host.jitgate("audit", "verify")
        #expect(audit.status == 0, "\(audit.text)")
    }

    @Test func `ends at its deadline and by jitgate revoke, and never opens again`() throws {
        let scene = try InboxHost()
        try scene.host.start()
        let id = UUID()
        let brief = try scene.host.grant(lasting: 3)
        let revoked = try scene.host.grant(id: id, changes: [.init("sources", ["198.51.100.7"])])
        try scene.offer(brief, as: "brief.grant")
        try scene.offer(revoked, as: "revoked.grant")
        try eventually { try scene.host.records("grant-opened").count == 2 }
        #expect(try scene.host.jitgate("revoke", id.uuidString, "--reason", "over").status == 0)
        try eventually { try scene.host.records("grant-closed").count == 2 }
        #expect(try Set(scene.host.reasons("grant-closed")) == ["expired", "revoked"])
        // The agent cannot remove the files, which are offered once more.
        scene.host.stop()
        try scene.host.start()
        try scene.offer(revoked, as: "again.grant")
        try scene.offerProbe()
        #expect(try scene.host.openings() == ["198.51.100.9 . tcp . 22"])
        #expect(try scene.host.records("offers-refused").isEmpty)
        #expect(try scene.host.records("grant-refused").isEmpty)
        #expect(FileManager.default.fileExists(atPath: scene.inbox + "/brief.grant"))
    }

    @Test func `ends when policy or signers no longer allow it, with or without its file`() throws {
        let other = try SSHKey()
        let scene = try InboxHost(signers: "eve \(other.publicLine)\n")
        let host = scene.host
        try host.start()
        let payload = host.payload()
        try scene.offer(payload + other.sign(payload), as: "eve.grant")
        try eventually { try scene.isOpen() }
        try scene.withdraw("eve.grant")
        try host.write("dana \(host.key.publicLine)\n", to: "allowed_signers")
        try eventually { try host.reasons("grant-closed") == ["policy"] }
        #expect(try host.openings().isEmpty)
        // And while no agent runs.
        try scene.offer(host.grant(), as: "dana.grant")
        try eventually { try scene.isOpen() }
        host.kill()
        try host.edit { $0.replacing("hostname = \"web-1\"", with: "hostname = \"web-2\"") }
        try host.start()
        #expect(try host.openings().isEmpty)
        #expect(try host.reasons("grant-closed") == ["policy", "policy"])
    }

    @Test func `revokes at once, also what a drop directory holds`() throws {
        let scene = try InboxHost()
        try scene.host.start()
        let (dropped, offered) = (UUID(), UUID())
        try scene.host.submit(scene.host.grant(id: dropped), as: "a.grant")
        try scene.offer(
            scene.host.grant(id: offered, changes: [.init("sources", ["198.51.100.7"])]),
            as: "b.grant"
        )
        try eventually { try scene.host.openings().count == 2 }
        try scene.offer(scene.host.revocation(of: dropped), as: "r1.grant")
        try scene.offer(scene.host.revocation(of: offered), as: "r2.grant")
        try eventually { try scene.host.openings().isEmpty }
        try eventually {
            try scene.host.reasons("grant-closed") == ["revoked", "revoked"]
        }
        #expect(FileManager.default.fileExists(atPath: scene.inbox + "/r1.grant"))
        scene.host.kill()
        try scene.host.start()
        try scene.offerProbe()
        #expect(try scene.host.openings() == ["198.51.100.9 . tcp . 22"])
        #expect(try scene.host.records("grant-closed").count == 2)
        #expect(try scene.host.jitgate("audit", "verify").status == 0)
    }

    @Test func `for another host leaves no record, and one that nobody signed is counted`() throws {
        let scene = try InboxHost()
        try scene.host.start()
        let before = try scene.host.records().count
        for number in 0..<30 {
            let others = try scene.host.grant(changes: [.init("hosts", ["db-*"])])
            try scene.offer(others, as: "o\(number).grant")
        }
        try scene.offerProbe()
        #expect(try scene.host.records().count == before + 2)
        try scene.offer(Array("nothing\n".utf8), as: "bad.grant")
        try eventually { try scene.host.records("offers-refused").count == 1 }
        let record = try #require(try scene.host.records("offers-refused").first)
        #expect(record["JITGATE_FILE"]?.text == scene.inbox + "/bad.grant")
        #expect(record["JITGATE_MISSED"] == "1")
        #expect(record["JITGATE_REASON"]?.text?.hasPrefix("unsigned: ") == true)
        // More of them share the next one, a minute later.
        try scene.offer(Array("nothing else\n".utf8), as: "worse.grant")
        try scene.offerProbe(as: "probe2.grant")
        #expect(try scene.host.records("offers-refused").count == 1)
        #expect(try scene.host.jitgate("audit", "verify").status == 0)
    }

    @Test func `and its copy in a drop directory are one grant, which the log holds`() throws {
        let scene = try InboxHost()
        try scene.host.start()
        let grant = try scene.host.grant()
        try scene.offer(grant, as: "a.grant")
        try eventually { try scene.isOpen() }
        try scene.host.submit(grant, as: "copy.grant")
        try scene.offer(grant, as: "b.grant")
        try scene.offerProbe()
        try scene.host.remove("copy.grant")
        try scene.offerProbe(as: "probe2.grant")
        #expect(try scene.host.openings().contains("192.0.2.7 . tcp . 22"))
        // What came in the drop directory first stays root's, whatever is offered.
        let id = UUID()
        let own = try scene.host.grant(id: id, changes: [.init("sources", ["198.51.100.7"])])
        try scene.host.submit(own, as: "own.grant")
        try eventually { try scene.host.openings().contains("198.51.100.7 . tcp . 22") }
        try scene.offer(own, as: "own.grant")
        try scene.offerProbe(as: "probe3.grant")
        try scene.host.remove("own.grant")
        try eventually { try scene.host.reasons("grant-closed") == ["removed"] }
        #expect(try !scene.host.openings().contains("198.51.100.7 . tcp . 22"))
    }

    @Test func `is what git checks out for a user without privileges`() throws {
        let scene = try InboxHost()
        let host = scene.host
        try scene.run("chmod", "0755", host.path)
        try host.makeDirectory("repository")
        try scene.run("chown", "\(InboxHost.owner)", host.path + "/repository")
        try host.start()
        let setup = "cd \(host.path)/repository && git init -q -b main"
        try asOwner(setup, scene)
        try asOwner("cd \(scene.inbox) && git init -q", scene)
        let id = UUID()
        try commit([("a.grant", host.grant(id: id))], scene)
        try eventually { try scene.isOpen() }
        // A branch that loses its files ends nothing; a revocation in it does.
        try asOwner("cd \(host.path)/repository && git rm -q a.grant", scene)
        try commit([("r/README", [10])], scene)
        #expect(!FileManager.default.fileExists(atPath: scene.inbox + "/a.grant"))
        #expect(try scene.isOpen())
        try commit([("stop.grant", host.revocation(of: id))], scene)
        try eventually { try host.reasons("grant-closed") == ["revoked"] }
        #expect(try host.records("offers-refused").isEmpty)
    }

    /// Commits files, and has the owner of the inbox fetch them as a timer would.
    private func commit(_ files: [(name: String, bytes: [UInt8])], _ scene: InboxHost) throws {
        let repository = scene.host.path + "/repository"
        for file in files {
            let path = URL(filePath: repository + "/" + file.name)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(file.bytes).write(to: path)
        }
        try scene.run("chown", "-R", "\(InboxHost.owner)", repository)
        let author = "-c user.name=dana -c user.email=dana@example.com"
        try asOwner("cd \(repository) && git add -A && git \(author) commit -qm more", scene)
        let fetch = "git fetch -q --depth 1 file://\(repository) main"
        try asOwner("cd \(scene.inbox) && \(fetch) && git reset -q --hard FETCH_HEAD", scene)
    }

    private func asOwner(_ script: String, _ scene: InboxHost) throws {
        let user = "\(InboxHost.owner)"
        try scene.run(
            ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
                + ["env", "HOME=/nonexistent", "sh", "-c", "umask 027; \(script)"]
        )
    }
}

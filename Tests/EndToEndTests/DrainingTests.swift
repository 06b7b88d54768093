import Foundation
import Glibc
import Grants
import StrictJSON
import TestSupport
import Testing

extension SessionScene {
    /// A host where sessions drain.
    fileprivate init(draining rest: String = "") throws {
        try self.init { $0 + "[defaults]\non_expiry = \"drain\"\n" + rest }
    }

    /// A session that drains, and the id of its grant.
    fileprivate func drained(
        from source: String = "192.0.2.7",
        at listener: TestSocket
    ) throws -> (session: Session, id: UUID) {
        let id = UUID()
        let before = try host.records("grant-closed").count
        try open([source + "/32"], id: id, lasting: 2)
        let session = try session(from: source, at: listener)
        try eventually { try host.records("grant-closed").count > before }
        #expect(session.lives)
        return (session, id)
    }

    fileprivate func listed() throws -> [JSONValue] {
        let output = try host.jitgate("list", "--json").output
        return try JSONNode.parse(output).value["grants"]?.items ?? []
    }

    fileprivate func isReset(_ session: Session) -> Bool {
        session.client.ending(within: 20_000) == ECONNRESET
            && session.server.ending(within: 20_000) == ECONNABORTED
    }
}

@Suite struct `A session that drains` {
    @Test func `is cut when its grant's signer may sign no longer, as an open one is`() throws {
        let scene = try SessionScene(draining: "drain_limit = \"4h\"\n")
        let other = try SSHKey()
        let path = scene.host.path + "/allowed_signers"
        let before = try String(contentsOfFile: path, encoding: .utf8)
        try scene.host.write(before + "erin \(other.publicLine)\n", to: "allowed_signers")
        let (session, _) = try scene.drained(at: scene.listen())
        // The removal of another signer is no reason, over a restart neither.
        try scene.host.write(before, to: "allowed_signers")
        #expect(try scene.host.jitgate("reload", "--force").status == 0)
        scene.host.kill()
        try scene.host.start()
        #expect(session.lives)
        try scene.host.write("erin \(other.publicLine)\n", to: "allowed_signers")
        #expect(try scene.host.jitgate("reload", "--force").status == 0)
        #expect(scene.isReset(session))
        let ended = try scene.host.records("drain-ended")
        #expect(ended.map { $0["JITGATE_REASON"]?.text } == ["policy"])
        #expect(try scene.host.jitgate("audit", "verify").status == 0)
    }

    @Test func `is listed with its end, on record, and cut by a revocation of its grant`() throws {
        let scene = try SessionScene(draining: "drain_limit = \"4h\"\n")
        let (session, id) = try scene.drained(at: scene.listen())
        let grants = try scene.listed()
        #expect(grants.map { $0["state"]?.text } == ["draining"])
        #expect(grants.first?["sessions"]?.number == 1)
        let left = grants.first?["seconds_left"]?.number ?? 0
        #expect(left > 4 * 3600 - 600 && left <= 4 * 3600)
        let closed = try scene.host.records("grant-closed")
        #expect(closed.first?["JITGATE_DRAINING"]?.text == "1")
        #expect(closed.first?["JITGATE_DRAIN_UNTIL"]?.text == grants.first?["drain_until"]?.text)
        let outcome = try scene.host.jitgate("revoke", id.uuidString, "--reason", "out")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(scene.isReset(session))
        let ended = try scene.host.records("drain-ended")
        #expect(ended.map { $0["JITGATE_REASON"]?.text } == ["revoked"])
        #expect(ended.first?["JITGATE_ACTOR"]?.text == "uid:0")
        #expect(try scene.listed().isEmpty)
        #expect(try scene.host.jitgate("audit", "verify").status == 0)
    }

    @Test func `is cut by a signed revocation, and with all others by one command`() throws {
        let scene = try SessionScene(draining: "")
        let listener = try scene.listen()
        let (first, id) = try scene.drained(at: listener)
        let (second, _) = try scene.drained(from: "192.0.2.8", at: listener)
        try scene.host.submit(scene.host.revocation(of: id), as: "r.grant")
        #expect(scene.isReset(first))
        #expect(second.lives)
        #expect(try scene.host.jitgate("revoke", "--all").status == 0)
        #expect(scene.isReset(second))
        #expect(try scene.host.reasons("drain-ended") == ["revoked", "revoked"])
    }

    @Test func `is cut by a policy that lets nothing drain`() throws {
        let scene = try SessionScene(draining: "")
        let (session, _) = try scene.drained(at: scene.listen())
        try scene.host.edit { $0.replacingOccurrences(of: "\"drain\"", with: "\"terminate\"") }
        #expect(try scene.host.jitgate("reload", "--force").status == 0)
        #expect(scene.isReset(session))
        #expect(try scene.host.reasons("drain-ended") == ["policy"])
    }

    @Test func `is reset at its limit`() throws {
        let scene = try SessionScene(draining: "drain_limit = \"3s\"\n")
        let (session, _) = try scene.drained(at: scene.listen())
        #expect(scene.isReset(session))
        try eventually { try scene.host.reasons("drain-ended") == ["expired"] }
        #expect(try scene.host.records("drain-ended").first?["JITGATE_DRAINING"]?.text == "1")
    }

    @Test func `is on record as finished when it ends by itself`() throws {
        let scene = try SessionScene(draining: "")
        let listener = try scene.listen()
        var session: Session? = try scene.drained(at: listener).session
        #expect(try scene.host.records("drain-ended").isEmpty)
        session = nil
        _ = session
        try eventually { try scene.host.reasons("drain-ended") == ["finished"] }
        let table = try scene.host.namespace.command("nft", "list", "table", "inet", "jitgate")
        #expect(!table.contains(" . 22 timeout"))
    }

    @Test func `outlasts a flush of conntrack and an agent, which still ends it`() throws {
        let scene = try SessionScene(draining: "")
        let (session, id) = try scene.drained(at: scene.listen())
        try scene.server.command("conntrack", "-F")
        #expect(session.lives)
        scene.host.kill()
        #expect(session.lives)
        try scene.host.start()
        #expect(session.lives)
        #expect(try scene.listed().map { $0["sessions"]?.number } == [1])
        #expect(try scene.host.jitgate("revoke", id.uuidString, "--reason", "x").status == 0)
        #expect(scene.isReset(session))
    }

    @Test func `is counted once, whoever flushes conntrack meanwhile`() throws {
        let scene = try SessionScene()
        try scene.open(["192.0.2.7/32"])
        let session = try scene.session(from: "192.0.2.7", at: scene.listen())
        try scene.server.command("conntrack", "-F")
        #expect(session.lives)
        #expect(try scene.host.jitgate("revoke", "--all").status == 0)
        let closed = try scene.host.records("grant-closed")
        #expect(closed.map { $0["JITGATE_CONNECTIONS"]?.text } == ["1"])
    }
}

@Suite struct `A session from before enforcing` {
    private func scene(_ limit: String) throws -> (SessionScene, Session) {
        let scene = try SessionScene(starting: false) { "keep_existing = \(limit)\n" + $0 }
        let session = try scene.session(from: "192.0.2.7", at: scene.listen())
        try scene.host.start()
        #expect(session.lives)
        return (scene, session)
    }

    @Test func `is reset when its time is over`() throws {
        let (scene, session) = try scene("\"3s\"")
        #expect(scene.isReset(session))
    }

    @Test func `is cut with everything else by one command, which is on record`() throws {
        let (scene, session) = try scene("\"12h\"")
        #expect(try scene.host.jitgate("revoke", "--all", "--reason", "out").status == 0)
        #expect(scene.isReset(session))
        let ended = try scene.host.records("drain-ended")
        #expect(ended.map { $0["JITGATE_COMMENT"]?.text } == ["out"])
    }

    @Test func `is kept among spoofed ones that are not`() throws {
        let scene = try SessionScene { $0.replacingOccurrences(of: "enforce", with: "observe") }
        let session = try scene.session(from: "192.0.2.7", at: scene.listen())
        try SynFlood.send(20_000, in: scene.client, to: "192.0.2.1", port: 22)
        try scene.host.edit { $0.replacingOccurrences(of: "observe", with: "enforce") }
        let outcome = try scene.host.jitgate("reload", "--force")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(session.lives)
        let set = ["list", "set", "inet", "jitgate", "sessions_ipv4"]
        let text = try scene.server.command("nft", set[0], set[1], set[2], set[3], set[4])
        #expect(text.components(separatedBy: " . 22 ").count == 2, "\(text.prefix(500))")
    }
}

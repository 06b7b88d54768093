import Foundation
import Glibc
import Grants
import TestSupport
import Testing

private let keeping = "keep_existing = true\n"
private let cutting = "keep_existing = false\n"

private func observing(_ text: String) -> String {
    text.replacingOccurrences(of: "\"enforce\"", with: "\"observe\"")
}

extension SessionScene {
    /// Puts another policy in force and says when the answer came.
    fileprivate func reload(_ edit: (String) -> String) throws {
        try host.edit(edit)
        let outcome = try host.jitgate("reload", "--force")
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// True if a session is reset at both ends by now, as part of a change of policy.
    fileprivate func isReset(_ session: Session) -> Bool {
        session.client.ending(within: 10_000) == ECONNRESET
            && session.server.ending(within: 10_000) == ECONNABORTED
    }
}

@Suite struct `A session that a change of policy shuts out` {
    static let sources = ["192.0.2.8", "2001:db8::8"]

    @Test(arguments: sources)
    func `is reset when denying begins and nothing keeps it`(source: String) throws {
        let scene = try SessionScene { cutting + observing($0) }
        let listener = try scene.listen()
        try scene.open(["192.0.2.7/32", "2001:db8::7/128"])
        let granted = try scene.session(
            from: source.contains(":") ? "2001:db8::7" : "192.0.2.7",
            at: listener
        )
        let stranger = try scene.session(from: source, at: listener)
        #expect(stranger.lives)
        try scene.reload { $0.replacingOccurrences(of: "\"observe\"", with: "\"enforce\"") }
        #expect(scene.isReset(stranger))
        #expect(granted.lives)
    }

    @Test(arguments: sources)
    func `goes on where it was there when denying began`(source: String) throws {
        let scene = try SessionScene { keeping + observing($0) }
        let listener = try scene.listen()
        let session = try scene.session(from: source, at: listener)
        try scene.reload { $0.replacingOccurrences(of: "\"observe\"", with: "\"enforce\"") }
        #expect(session.lives)
        // Neither does another change, nor another agent, end it.
        try scene.reload { $0 + "[defaults]\non_expiry = \"drain\"\n" }
        scene.host.kill()
        try scene.host.start()
        #expect(session.lives)
        try scene.reload { $0.replacingOccurrences(of: keeping, with: cutting) }
        #expect(scene.isReset(session))
    }

    @Test(arguments: [keeping, cutting])
    func `is reset when its network is trusted no longer`(keeps: String) throws {
        let scene = try SessionScene { "trusted = [\"192.0.2.8/32\"]\n" + keeps + $0 }
        let listener = try scene.listen()
        try scene.open(["192.0.2.7/32"])
        let granted = try scene.session(from: "192.0.2.7", at: listener)
        let trusted = try scene.session(from: "192.0.2.8", at: listener)
        try scene.reload { $0.replacingOccurrences(of: "192.0.2.8/32", with: "192.0.2.9/32") }
        #expect(scene.isReset(trusted))
        #expect(granted.lives)
    }

    @Test(arguments: [false, true])
    func `at a port that is now protected is reset, or goes on, as at the beginning`(
        byRestart: Bool
    ) throws {
        for keeps in [keeping, cutting] {
            let scene = try SessionScene { keeps + $0 }
            let listener = try scene.listen(23)
            let session = try scene.session(from: "192.0.2.8", at: listener)
            let ports = [22, 23].map { "[[port]]\nnumber = \($0)\nprotocol = \"tcp\"\n" }
            if byRestart {
                scene.host.stop()
                try scene.host.edit { $0 + ports.joined() }
                try scene.host.start()
            } else {
                try scene.reload { $0 + ports.joined() }
            }
            if keeps == keeping {
                #expect(session.lives)
            } else {
                #expect(scene.isReset(session))
            }
        }
    }

    @Test func `is reset as well if the policy became another while no agent ran`() throws {
        let scene = try SessionScene { "trusted = [\"192.0.2.8/32\"]\n" + $0 }
        let listener = try scene.listen()
        let session = try scene.session(from: "192.0.2.8", at: listener)
        scene.host.kill()
        try scene.host.edit { $0.replacingOccurrences(of: "192.0.2.8/32", with: "192.0.2.9/32") }
        #expect(session.lives)
        try scene.host.start()
        #expect(scene.isReset(session))
    }

    @Test func `drains where its port does, and a stranger's is reset`() throws {
        let scene = try SessionScene {
            "trusted = [\"192.0.2.8/32\"]\n" + $0 + "[defaults]\non_expiry = \"drain\"\n"
        }
        let listener = try scene.listen()
        try scene.open(["192.0.2.7/32"], lasting: 1.5)
        let draining = try scene.session(from: "192.0.2.7", at: listener)
        let trusted = try scene.session(from: "192.0.2.8", at: listener)
        try eventually { try scene.host.records("grant-closed").count == 1 }
        #expect(draining.lives)
        try scene.reload { $0.replacingOccurrences(of: "192.0.2.8/32", with: "192.0.2.9/32") }
        #expect(scene.isReset(trusted))
        #expect(draining.lives)
    }
}

@Suite struct `A session older than the gate` {
    /// A scene whose session was there before the agent first ran, in enforce mode.
    private func scene() throws -> (SessionScene, Session) {
        let scene = try SessionScene(starting: false)
        let listener = try scene.listen()
        let session = try scene.session(from: "192.0.2.7", at: listener)
        try scene.host.start()
        return (scene, session)
    }

    @Test func `goes on when a grant for it expires`() throws {
        let (scene, session) = try scene()
        try scene.open(["192.0.2.7/32"], lasting: 1.5)
        try eventually { try scene.host.records("grant-closed").count == 1 }
        #expect(session.lives)
    }

    @Test func `is cut for good when a grant for it is revoked`() throws {
        let (scene, session) = try scene()
        let port = session.client.port
        let mark = "192.0.2.7 . \(port) . 22"
        let table = { try scene.host.namespace.command("nft", "list", "table", "inet", "jitgate") }
        #expect(try table().contains(mark))
        let id = UUID()
        try scene.open(["192.0.2.0/24"], id: id)
        try scene.host.submit(scene.host.revocation(of: id), as: "r.grant")
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        #expect(try !table().contains(mark))
        // It does not come back with another agent or another policy.
        scene.host.kill()
        try scene.host.start()
        #expect(try !table().contains(mark))
    }

    @Test func `goes on when a grant for others is revoked`() throws {
        let (scene, session) = try scene()
        let id = UUID()
        try scene.open(["192.0.2.8/32"], id: id)
        try scene.host.submit(scene.host.revocation(of: id), as: "r.grant")
        try eventually { try scene.host.records("grant-closed").count == 1 }
        #expect(session.lives)
    }
}

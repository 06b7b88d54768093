import Foundation
import Grants
import TestSupport
import Testing

/// A host whose agent warns two seconds ahead, and terminals on it.
private struct WarningScene {
    let scene: SessionScene
    let logins: LoginRecords
    let listener: TestSocket

    init(warn: String = "[\"2s\"]", _ edit: (String) -> String = { $0 }) throws {
        scene = try SessionScene(starting: false) { edit($0) + "\n[sessions]\nwarn = \(warn)\n" }
        logins = try LoginRecords(for: scene.host)
        try scene.host.start(logins: logins)
        listener = try scene.listen()
    }

    /// Somebody who logs in from an address, on a terminal of their own.
    func login(from source: String) throws -> PseudoTerminal {
        let terminal = try PseudoTerminal()
        try logins.add(LoginRecord(on: terminal.name, from: source))
        return terminal
    }

    /// Waits until `count` grants have closed.
    func closed(_ count: Int = 1) throws {
        try eventually { try scene.host.records("grant-closed").count == count }
    }
}

@Suite struct `A session that will be cut` {
    @Test(arguments: ["192.0.2.7", "2001:db8::7"])
    func `is told before, once, on its terminal, and nobody else`(source: String) throws {
        let scene = try WarningScene()
        let id = UUID()
        let stranger = try scene.login(from: source.replacing("7", with: "8"))
        try scene.logins.add(LoginRecord(on: "../../etc/passwd", from: source))
        let terminal = try scene.login(from: source)
        try scene.scene.open([source + (source.contains(":") ? "/128" : "/32")], id: id, lasting: 6)
        let session = try scene.scene.session(from: source, at: scene.listener)
        var text = ""
        try eventually {
            text += terminal.text()
            return text.contains("--for 1h ***")
        }
        #expect(session.client.reaches(session.server))
        #expect(text.contains("\u{7}"))
        #expect(text.contains("*** jitgate: your access to 22/tcp ends in 2 seconds, at "))
        #expect(text.contains("*** To stay: jitgate extend \(id.uuidString.lowercased()) "))
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        try scene.closed()
        #expect(terminal.text() == "")
        #expect(stranger.text() == "")
    }

    @Test(arguments: ["192.0.2.7", "2001:db8::7"])
    func `is told before where no utmp is written, on its user's terminals`(source: String) throws {
        let scene = try WarningScene()
        try scene.logins.removeUtmp()
        // All tests share /dev/pts.
        let ann = UInt32.random(in: 100_000...2_000_000_000)
        let (bob, eve) = (ann + 1, ann + 2)
        let (terminal, other, far) = try (PseudoTerminal(), PseudoTerminal(), PseudoTerminal())
        try scene.logins.add(session: "1", of: ann, from: source)
        try scene.logins.add(session: "2", of: eve, from: source.replacing("7", with: "8"))
        try scene.logins.add(session: "3", of: bob, from: "host.example")
        for (one, user) in [(terminal, ann), (other, bob), (far, eve)] { try one.give(to: user) }
        try scene.scene.open([source + (source.contains(":") ? "/128" : "/32")], lasting: 6)
        let session = try scene.scene.session(from: source, at: scene.listener)
        var text = ""
        try eventually {
            text += terminal.text()
            return text.contains("--for 1h ***")
        }
        #expect(text.contains("*** jitgate: your access to 22/tcp ends in 2 seconds, at "))
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        try scene.closed()
        for silent in [terminal, other, far] { #expect(silent.text() == "") }
    }

    @Test func `is told nothing where another grant holds longer, and at the end of that`() throws {
        let scene = try WarningScene()
        let (short, long) = (UUID(), UUID())
        let terminal = try scene.login(from: "192.0.2.7")
        try scene.scene.open(["192.0.2.0/24"], id: long, lasting: 9)
        try scene.scene.open(["192.0.2.7/32"], id: short, lasting: 5)
        let session = try scene.scene.session(from: "192.0.2.7", at: scene.listener)
        try scene.closed()
        #expect(terminal.text() == "")
        #expect(session.client.reaches(session.server))
        try scene.closed(2)
        #expect(terminal.text().contains(long.uuidString.lowercased()))
    }

    @Test func `is told so long before as a reload says, and over a restart`() throws {
        let scene = try WarningScene(warn: "[]")
        let terminal = try scene.login(from: "192.0.2.7")
        try scene.scene.open(["192.0.2.7/32"], lasting: 8)
        let session = try scene.scene.session(from: "192.0.2.7", at: scene.listener)
        let policy = try String(contentsOfFile: scene.scene.host.policyPath, encoding: .utf8)
        let other = policy.replacing("warn = []", with: "warn = [\"1s\", \"24h\"]")
        try scene.scene.host.write(other, to: "jitgate.toml")
        #expect(try scene.scene.host.jitgate("reload").status == 0)
        scene.scene.host.kill()
        try scene.scene.host.start(logins: scene.logins)
        try scene.closed()
        let text = terminal.text()
        #expect(text.split(separator: "ends in 1 second, at").count == 2)
        #expect(text.split(separator: "jitgate:").count == 2)
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
    }
}

@Suite struct `A session that goes on` {
    @Test(arguments: [
        ("it came over another port", 2022, [("", "")]),
        ("the port drains", 22, [("[audit]", "[defaults]\non_expiry = \"drain\"\n[audit]")]),
        ("its network is trusted", 22, [("[grants]", "trusted = [\"192.0.2.0/24\"]\n[grants]")]),
        ("the policy observes", 22, [("\"enforce\"", "\"observe\"")]),
    ])
    func `is told nothing where`(reason: String, port: Int, edits: [(String, String)]) throws {
        let scene = try WarningScene { policy in
            edits.reduce(policy) { $1.0.isEmpty ? $0 : $0.replacing($1.0, with: $1.1) }
        }
        let listener = port == 22 ? scene.listener : try scene.scene.listen(UInt16(port))
        let terminal = try scene.login(from: "192.0.2.7")
        let grant = try scene.scene.host.grant(lasting: 4)
        try scene.scene.host.submit(grant, as: "a.grant")
        try eventually { try scene.scene.host.records("grant-opened").count == 1 }
        let session = try scene.scene.session(from: "192.0.2.7", at: listener)
        try scene.closed()
        #expect(session.client.reaches(session.server))
        #expect(terminal.text() == "")
    }

    @Test func `is told nothing if it was there when denying began`() throws {
        let scene = try WarningScene { $0.replacing("\"enforce\"", with: "\"observe\"") }
        let terminal = try scene.login(from: "192.0.2.7")
        let session = try scene.scene.session(from: "192.0.2.7", at: scene.listener)
        let policy = try String(contentsOfFile: scene.scene.host.policyPath, encoding: .utf8)
        let other = policy.replacing("\"observe\"", with: "\"enforce\"")
        try scene.scene.host.write(other, to: "jitgate.toml")
        #expect(try scene.scene.host.jitgate("reload").status == 0)
        try scene.scene.open(["192.0.2.7/32"], lasting: 4)
        try scene.closed()
        #expect(session.client.reaches(session.server))
        #expect(terminal.text() == "")
    }
}

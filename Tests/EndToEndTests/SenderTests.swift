import Foundation
import Glibc
import TestSupport
import Testing

/// Datagrams have no sessions: who sent some before denying began is a stranger afterwards, whatever
/// this host sends to them.
@Suite struct `A peer that sent datagrams` {
    static let sources = ["192.0.2.8", "2001:db8::8"]
    private static let udp = "[[port]]\nnumber = 3389\nprotocol = \"udp\"\n"

    /// A server that has heard the peer.
    private func heard(
        _ scene: SessionScene,
        from source: String
    ) throws -> (server: TestSocket, client: TestSocket) {
        let server = try TestSocket.bound(
            SOCK_DGRAM,
            in: scene.server,
            to: SessionScene.server(for: source),
            port: 3389
        )
        let client = try scene.connect(SOCK_DGRAM, from: source, to: 3389)
        #expect(client.reaches(server))
        return (server, client)
    }

    /// Returns true if the peer gets in by what the server sends once conntrack has forgotten both.
    private func getsIn(
        _ scene: SessionScene,
        _ pair: (server: TestSocket, client: TestSocket),
        from source: String
    ) throws -> Bool {
        try scene.host.namespace.command("conntrack", "-F")
        try pair.server.connect(to: source, port: pair.client.port)
        #expect(pair.server.reaches(pair.client))
        return pair.client.reaches(pair.server)
    }

    @Test(arguments: sources)
    func `in observe mode is denied once denying begins, though the server goes on sending`(
        source: String
    ) throws {
        let scene = try SessionScene {
            $0.replacingOccurrences(of: "\"enforce\"", with: "\"observe\"") + Self.udp
        }
        let pair = try heard(scene, from: source)
        try scene.host.edit { $0.replacingOccurrences(of: "\"observe\"", with: "\"enforce\"") }
        #expect(try scene.host.jitgate("reload", "--force").status == 0)
        #expect(try !getsIn(scene, pair, from: source))
    }

    @Test(arguments: sources, [false, true])
    func `from a trusted network is denied once that is trusted no longer`(
        source: String,
        byRestart: Bool
    ) throws {
        let scene = try SessionScene {
            "trusted = [\"192.0.2.8/31\", \"2001:db8::/64\"]\n" + $0 + Self.udp
        }
        let pair = try heard(scene, from: source)
        if byRestart { scene.host.kill() }
        try scene.host.edit {
            $0.replacing("trusted = [\"192.0.2.8/31\", \"2001:db8::/64\"]", with: "")
        }
        if byRestart {
            try scene.host.start()
        } else {
            #expect(try scene.host.jitgate("reload", "--force").status == 0)
        }
        #expect(try !getsIn(scene, pair, from: source))
    }
}

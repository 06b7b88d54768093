import Connections
import Enforcement
import Foundation
import Grants
import TestSupport
import Testing

/// Connections that this host began are no business of the gate, whatever port of its own they use.
@Suite struct `A reply` {
    static let peers = ["192.0.2.7", "2001:db8::7"]

    private func protecting(_ ports: String..., denies: Bool = true) throws -> FirewallPolicy {
        FirewallPolicy(
            denies: denies,
            protected: try ports.map { try Port(parsing: $0) },
            trusted: [],
            logGroup: 22,
            deniedPerSecond: 10
        )
    }

    @Test(arguments: peers)
    func `over TCP comes in at a protected port`(peer: String) throws {
        let scene = try GateScene()
        try scene.gate.install(protecting("22/tcp"))
        let listener = try TestSocket.bound(SOCK_STREAM, in: scene.client, to: peer, port: 4430)
        let ours = try TestSocket.connected(
            in: scene.server,
            from: GateScene.server(for: peer),
            sourcePort: 22,
            to: peer,
            port: 4430
        )
        let session = Session(client: ours, server: try listener.accept())
        #expect(session.lives)
        #expect(try !scene.reaches(from: peer))
    }

    @Test(arguments: peers)
    func `over UDP comes in at a protected port, from the peer that was asked alone`(
        peer: String
    ) throws {
        let scene = try GateScene()
        try scene.gate.install(protecting("3389/udp"))
        let asked = try TestSocket.bound(SOCK_DGRAM, in: scene.client, to: peer, port: 5300)
        let ours = try TestSocket.connected(
            SOCK_DGRAM,
            in: scene.server,
            from: GateScene.server(for: peer),
            sourcePort: 3389,
            to: peer,
            port: 5300
        )
        #expect(ours.reaches(asked))
        try asked.connect(to: GateScene.server(for: peer), port: 3389)
        #expect(asked.reaches(ours))
        let other = try TestSocket.bound(SOCK_DGRAM, in: scene.client, to: peer, port: 5301)
        try other.connect(to: GateScene.server(for: peer), port: 3389)
        #expect(!other.reaches(ours))
    }

    @Test(arguments: peers)
    func `is no session that conntrack forgot and the server goes on with`(peer: String) throws {
        let scene = try GateScene()
        let open = try opening(peer)
        try scene.gate.install(shape(), open: [open: .seconds(60)])
        let session = try scene.session(from: peer, at: scene.listen())
        #expect(session.lives)
        try scene.gate.commit([open: nil])
        try scene.server.command("conntrack", "-F")
        // For conntrack it is the server now that began.
        session.server.send()
        #expect(!session.client.reaches(session.server))
    }

    @Test(arguments: peers)
    func `is no datagram of a peer that an opening let in lately`(peer: String) throws {
        let scene = try GateScene()
        let open = try Opening(source: opening(peer).source, port: Port(parsing: "3389/udp"))
        try scene.gate.install(shape(), open: [open: .seconds(60)])
        let server = try TestSocket.bound(SOCK_DGRAM, in: scene.server, to: "::", port: 3389)
        let client = try scene.connect(SOCK_DGRAM, from: peer, to: 3389)
        #expect(client.reaches(server))
        try scene.gate.commit([open: nil])
        try scene.server.command("conntrack", "-F")
        try server.connect(to: peer, port: client.port)
        server.send()
        #expect(!client.reaches(server))
        // Nor for another agent, which finds the table.
        let later = try scene.laterGate()
        _ = try? later.install(shape())
        server.send()
        #expect(!client.reaches(server))
    }

    @Test func `to a container behind masquerade comes in, whatever port it was given`() throws {
        let scene = try GateScene()
        let container = try NetworkNamespace()
        try scene.server.command(
            "sh",
            "-ec",
            "ip link add veth2 type veth peer name veth3 netns \(container.path)\n"
                + "ip link set veth2 up\nip addr add 198.51.100.1/24 dev veth2\n"
                + "echo 1 >/proc/sys/net/ipv4/ip_forward"
        )
        try container.ip("link", "set", "veth3", "up")
        try container.ip("addr", "add", "198.51.100.2/24", "dev", "veth3")
        try container.ip("route", "add", "default", "via", "198.51.100.1")
        try scene.nft(
            "add table ip m; add chain ip m p { type nat hook postrouting priority 100; };"
                + " add rule ip m p ip saddr 198.51.100.0/24 udp dport 5300 masquerade to :3389"
        )
        try scene.gate.install(shape())
        let asked = try TestSocket.bound(
            SOCK_DGRAM,
            in: scene.client,
            to: "192.0.2.7",
            port: 5300
        )
        let inside = try TestSocket.connected(
            SOCK_DGRAM,
            in: container,
            from: "198.51.100.2",
            to: "192.0.2.7",
            port: 5300
        )
        try eventually { inside.reaches(asked) }
        try asked.connect(to: "192.0.2.1", port: 3389)
        #expect(asked.reaches(inside))
    }

    @Test(arguments: peers)
    func `is no SYN, on whatever connection`(peer: String) throws {
        let scene = try GateScene()
        try scene.gate.install(protecting("22/tcp"))
        try connectAndForget(scene, to: peer)
        let listener = try scene.listen()
        let answer = try TestSocket.answer(
            in: scene.client,
            from: peer,
            sourcePort: 4430,
            to: GateScene.server(for: peer),
            port: 22
        )
        #expect(answer == .silence)
        withExtendedLifetime(listener) {}
    }

    /// Leaves a connection that this host began to conntrack alone: neither end knows of it.
    private func connectAndForget(_ scene: GateScene, to peer: String) throws {
        let listener = try TestSocket.bound(SOCK_STREAM, in: scene.client, to: peer, port: 4430)
        let ours = try TestSocket.connected(
            in: scene.server,
            from: GateScene.server(for: peer),
            sourcePort: 22,
            to: peer,
            port: 4430
        )
        let session = Session(client: ours, server: try listener.accept())
        #expect(session.lives)
        try session.client.vanishes()
        try session.server.vanishes()
    }
}

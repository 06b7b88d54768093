import Connections
import Enforcement
import Foundation
import Grants
import Netfilter
import TestSupport
import Testing

private let families = ["192.0.2.7", "2001:db8::7"]

/// Ways past a gate that looks at something else than what is delivered.
@Suite struct `A way in` {
    /// A connection that conntrack thinks alive, of which neither end knows any more.
    private func forgottenConnection(_ scene: GateScene, from source: String) throws -> UInt16 {
        let listener = try scene.listen()
        let session = try scene.session(from: source, at: listener)
        let port = session.client.port
        try session.server.vanishes()
        try session.client.vanishes()
        return port
    }

    private func opensAgain(_ scene: GateScene, from source: String, _ port: UInt16) throws -> Bool
    {
        let listener = try scene.listen()
        defer { withExtendedLifetime(listener) {} }
        for _ in 0..<3 {
            let answer = try TestSocket.answer(
                in: scene.client,
                from: source,
                sourcePort: port,
                to: GateScene.server(for: source),
                port: 22
            )
            if answer != .silence { return true }
        }
        return false
    }

    @Test(arguments: families)
    func `is no SYN on a connection that drains`(source: String) throws {
        let scene = try GateScene()
        var shape = try shape()
        shape.drains = true
        let open = try opening(source)
        try scene.gate.install(shape, open: [open: .seconds(60)])
        let port = try forgottenConnection(scene, from: source)
        #expect(try opensAgain(scene, from: source, port))
        let again = try forgottenConnection(scene, from: source)
        try scene.gate.commit([open: nil])
        #expect(try !opensAgain(scene, from: source, again))
    }

    @Test(arguments: families)
    func `is no SYN on a connection that was there when denying began`(source: String) throws {
        let scene = try GateScene()
        var observing = try shape(denies: false)
        observing.keepExisting = .seconds(60)
        var enforcing = try shape()
        enforcing.keepExisting = .seconds(60)
        try scene.gate.install(observing)
        let port = try forgottenConnection(scene, from: source)
        let kept = try OngoingSession(
            peer: Prefix(parsing: source).address,
            peerPort: port,
            port: Port(parsing: "22/tcp")
        )
        try scene.gate.install(enforcing, existing: [try #require(kept)])
        #expect(try !opensAgain(scene, from: source, port))
    }

    /// Routing that makes an address this host's own by another table than `local`.
    private static let tables: [(address: String, lines: [String])] = [
        (
            "198.51.100.1",
            [
                "addr add 198.51.100.1/32 dev veth0",
                "route del table local local 198.51.100.1 dev veth0",
                "route add local 198.51.100.1/32 dev veth0 table 100",
                "rule add to 198.51.100.1 lookup 100",
            ]
        ),
        (
            "2001:db8:9::1",
            [
                "-6 route add local 2001:db8:9::1/128 dev lo table 100",
                "-6 rule add to 2001:db8:9::1 lookup 100",
            ]
        ),
        (
            "2001:db8:9::1",
            [
                "-6 route add local 2001:db8:9::1/128 dev lo table 100",
                "-6 rule add iif veth0 to 2001:db8:9::1 lookup 100",
                "-6 rule add iif lo from 2001:db8:9::1 lookup main",
                "-6 route add default via 2001:db8::7",
            ]
        ),
        ("198.51.100.9", ["route add local 198.51.100.0/24 dev lo"]),
    ]

    @Test(arguments: tables.indices)
    func `is no address that another routing table makes local`(index: Int) throws {
        let (address, lines) = Self.tables[index]
        let scene = try GateScene()
        let source = address.contains(":") ? "2001:db8::7" : "192.0.2.7"
        try scene.server.command(
            "sh",
            "-ec",
            lines.map { line in "ip \(line)" }.joined(separator: "\n")
        )
        try scene.client.ip("route", "add", address, "via", GateScene.server(for: source))
        let listener = try scene.listen()
        let answer = {
            try TestSocket.answer(in: scene.client, from: source, to: address, port: 22)
        }
        try eventually { try answer() == .accepted }
        try scene.gate.install(shape())
        for _ in 0..<3 { #expect(try answer() == .silence) }
        try scene.gate.commit([opening(source): .seconds(60)])
        try eventually { try answer() == .accepted }
        withExtendedLifetime(listener) {}
    }

    @Test func `is what is turned to a protected port, of whatever was sent to`() throws {
        let scene = try GateScene()
        let listener = try scene.listen(2200)
        try scene.nft(
            "add table ip n; add chain ip n p { type nat hook prerouting priority -100; };"
                + " add rule ip n p tcp dport 22 redirect to :2200"
        )
        #expect(try scene.reaches(from: "192.0.2.7"))
        try scene.gate.install(shape())
        #expect(try !scene.reaches(from: "192.0.2.7"))
        #expect(try scene.reaches(from: "192.0.2.7", port: 2200))
        try scene.gate.commit([opening("192.0.2.7"): .seconds(60)])
        #expect(try scene.reaches(from: "192.0.2.7"))
        withExtendedLifetime(listener) {}
    }

    @Test func `leaves packets alone that are only routed through`() throws {
        let scene = try GateScene()
        let behind = try NetworkNamespace()
        try scene.server.command(
            "sh",
            "-ec",
            "ip link add veth2 type veth peer name veth3 netns \(behind.path)\n"
                + "ip link set veth2 up\nip addr add 198.51.100.1/24 dev veth2\n"
                + "echo 1 >/proc/sys/net/ipv4/ip_forward"
        )
        try behind.ip("link", "set", "veth3", "up")
        try behind.ip("addr", "add", "198.51.100.2/24", "dev", "veth3")
        try behind.ip("route", "add", "default", "via", "198.51.100.1")
        try scene.client.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.1")
        try scene.gate.install(shape())
        try eventually {
            try TestSocket.answer(
                in: scene.client,
                from: "192.0.2.7",
                to: "198.51.100.2",
                port: 22
            ) == .refused
        }
    }
}

/// The host's own connections to itself, by whatever address.
@Suite struct `This host` {
    /// Gives the server an address that is local by another routing table alone, and a network.
    private func scene() throws -> GateScene {
        let scene = try GateScene()
        try scene.server.ip([
            "addr add 198.51.100.1/32 dev veth0",
            "route del table local local 198.51.100.1 dev veth0",
            "route add local 198.51.100.1/32 dev veth0 table 100",
            "rule add to 198.51.100.1 lookup 100",
            "route add local 10.9.0.0/16 dev lo",
            "route add local 2001:db8:9::/64 dev lo table 100",
        ])
        let rule = "ip -6 rule add to 2001:db8:9::/64 lookup 100"
        try scene.server.command("sh", "-c", rule)
        return scene
    }

    /// The address itself, or the link-local one that the kernel chose.
    private func address(_ name: String, _ scene: GateScene) throws -> String {
        guard name == "link-local" else { return name }
        let list = try scene.server.command("ip", "-6", "-o", "addr", "show", "dev", "veth0")
        let words = list.split(whereSeparator: \.isWhitespace)
        let network = try #require(words.first { $0.hasPrefix("fe80::") })
        let number = try #require(words.first).prefix(while: \.isNumber)
        return network.prefix { $0 != "/" } + "%" + number
    }

    @Test(arguments: [
        "127.0.0.1", "127.9.9.9", "::1", "192.0.2.1", "2001:db8::1", "link-local", "198.51.100.1",
        "10.9.3.3", "2001:db8:9::3",
    ])
    func `reaches itself by each of its addresses`(name: String) throws {
        let scene = try scene()
        let own = try address(name, scene)
        // The kernel chooses the address to connect from: not all of them can be bound to.
        let any = own.contains(":") ? "::" : "0.0.0.0"
        let answer = {
            try? TestSocket.answer(in: scene.server, from: any, to: own, port: 22)
        }
        let listener = try scene.listen()
        // A new link-local address cannot be had until nobody else is known to have it.
        try eventually { answer() == .accepted }
        try scene.gate.install(shape())
        #expect(answer() == .accepted)
        let ours = try TestSocket.bound(SOCK_DGRAM, in: scene.server, to: "::", port: 3389)
        let other = try TestSocket.bound(SOCK_DGRAM, in: scene.server, to: any, port: 5300)
        try other.connect(to: own, port: 3389)
        #expect(other.reaches(ours))
        withExtendedLifetime(listener) {}
    }
}

@Suite struct `The early refusal` {
    /// Sources around the client's addresses, and whether 192.0.2.7 and 2001:db8::7 lie in them.
    @Test(arguments: [
        ("192.0.2.7/32", true), ("192.0.2.0/29", true), ("192.0.2.0/24", true),
        ("192.0.0.0/16", true), ("192.0.0.0/12", true), ("0.0.0.0/0", true),
        ("192.0.2.8/32", false), ("192.0.3.0/24", false), ("198.51.0.0/16", false),
        ("2001:db8::7/128", true), ("2001:db8::/56", true), ("2001:db8::/40", true),
        ("2001:d00::/24", true), ("::/0", true), ("2001:db8::8/128", false),
        ("2001:db8:1::/48", false),
    ])
    func `lets through what an opening or trust of any width covers`(
        network: String,
        isCovered: Bool
    ) throws {
        let scene = try GateScene()
        let source = network.contains(":") ? "2001:db8::7" : "192.0.2.7"
        let (open, port) = (try opening(network), try Port(parsing: "22/tcp"))
        // Another one that comes and goes must take nothing with it.
        let beside = Opening(source: Prefix(covering: open.source.address, length: 20), port: port)
        try scene.gate.install(shape())
        #expect(try !scene.reaches(from: source))
        try scene.gate.commit([open: .seconds(60), beside: .seconds(60)])
        try scene.gate.commit([beside: nil])
        #expect(try scene.reaches(from: source) == isCovered)
        try scene.gate.commit([open: nil])
        #expect(try !scene.reaches(from: source))
        try scene.gate.install(shape(trusted: [network]))
        #expect(try scene.reaches(from: source) == isCovered)
        try scene.gate.install(shape())
        #expect(try !scene.reaches(from: source))
    }

    @Test func `counts what it refuses, and comes before conntrack`() throws {
        let scene = try GateScene()
        try scene.gate.install(shape())
        let before = try scene.gate.call { try $0.deniedTraffic().packets }
        #expect(try scene.answer(from: "192.0.2.7") == .silence)
        #expect(try scene.gate.call { try $0.deniedTraffic().packets } > before)
        let rules = try scene.listing
        #expect(rules.contains("type filter hook prerouting priority raw"))
    }
}

import Connections
import Glibc
import Grants
import TestSupport
import Testing

/// Two families, and what nft calls them.
private let families = ["192.0.2.7", "2001:db8::7"]

extension CuttingScene {
    /// Has conntrack follow what comes in, and rewrites its destination by `rule`.
    fileprivate func rewrite(_ source: String, _ rule: String) throws {
        let family = source.contains(":") ? "ip6" : "ip"
        try server.command(
            "nft",
            """
            add table \(family) nat
            add chain \(family) nat pre { type nat hook prerouting priority -100; }
            add rule \(family) nat pre \(rule)
            """
        )
    }

    /// A host behind the server, and the address of it in the family of another.
    fileprivate func backend(for source: String) throws -> (NetworkNamespace, String) {
        let backend = try NetworkNamespace()
        // A router asks for its neighbours by its link-local address, which must not be on trial.
        for (space, kind) in [(server, "all"), (server, "default"), (backend, "all")] {
            let setting = "/proc/sys/net/ipv6/conf/\(kind)/accept_dad"
            try space.command("sh", "-c", "echo 0 > \(setting)")
        }
        try server.ip("link add veth2 type veth peer name veth3 netns \(backend.path)")
        let isIPv6 = source.contains(":")
        for (space, name, own, far) in [(server, "veth2", 1, 2), (backend, "veth3", 2, 1)] {
            let address = isIPv6 ? "fd00::\(own)/64 nodad" : "10.0.0.\(own)/24"
            try space.ip("link set \(name) up")
            try space.ip("addr add dev \(name) \(address)")
            guard own == 2 else { continue }
            try space.ip("route add default via \(isIPv6 ? "fd00::\(far)" : "10.0.0.\(far)")")
        }
        let setting = isIPv6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward"
        try server.command("sh", "-c", "echo 1 > /proc/sys/\(setting)")
        return (backend, isIPv6 ? "fd00::2" : "10.0.0.2")
    }
}

@Suite struct `Cutting tracked connections` {
    @Test(arguments: families)
    func `ends what is forwarded to another host`(source: String) throws {
        let scene = try CuttingScene()
        let (backend, address) = try scene.backend(for: source)
        let target = source.contains(":") ? "[\(address)]:2222" : "\(address):2222"
        try scene.rewrite(source, "tcp dport 22 dnat to \(target)")
        let listener = try TestSocket.bound(SOCK_STREAM, in: backend, to: address, port: 2222)
        let session = try scene.session(from: source, at: listener, port: 22)
        #expect(session.lives)
        let other = source.replacing("7", with: "8")
        #expect(try scene.cut([other]).flows == 0)
        #expect(session.lives)
        // A late acknowledgement would make it again, which the gate prevents by then.
        try scene.server.command(
            "nft",
            "add table inet shut; add chain inet shut pre { type filter hook prerouting priority -150; };"
                + " add rule inet shut pre tcp dport 22 drop"
        )
        let report = try scene.cut([source])
        #expect(report.flows == 1 && report.sockets == 0 && report.problems.isEmpty)
        #expect(try scene.cut([source]) == CutReport())
    }

    @Test(arguments: families)
    func `leaves alone what was forwarded to that port of another host`(source: String) throws {
        let scene = try CuttingScene()
        let (backend, address) = try scene.backend(for: source)
        let target = source.contains(":") ? "[\(address)]:22" : "\(address):22"
        try scene.rewrite(source, "tcp dport 2222 dnat to \(target)")
        let listener = try TestSocket.bound(SOCK_STREAM, in: backend, to: address, port: 22)
        let session = try scene.session(from: source, at: listener, port: 2222)
        #expect(session.lives)
        #expect(try scene.cut([source]) == CutReport())
        #expect(session.lives)
    }

    @Test(arguments: families)
    func `resets what was redirected from the port, at both ends`(source: String) throws {
        let scene = try CuttingScene()
        try scene.rewrite(source, "tcp dport 22 redirect to :2222")
        let address = CuttingScene.server(for: source)
        let listener = try TestSocket.bound(SOCK_STREAM, in: scene.server, to: address, port: 2222)
        let session = try scene.session(from: source, at: listener, port: 22)
        let direct = try scene.session(from: source, at: listener)
        let report = try scene.cut([source])
        #expect(report.sockets == 1 && report.flows == 1)
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        #expect(session.server.ending(within: 10_000) == ECONNABORTED)
        #expect(direct.lives)
    }

    @Test(arguments: families)
    func `resets what was redirected to the port`(source: String) throws {
        let scene = try CuttingScene()
        try scene.rewrite(source, "tcp dport 2200 redirect to :22")
        let address = CuttingScene.server(for: source)
        let listener = try TestSocket.bound(SOCK_STREAM, in: scene.server, to: address, port: 22)
        let session = try scene.session(from: source, at: listener, port: 2200)
        let report = try scene.cut([source])
        #expect(report.sockets == 1 && report.flows == 1)
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
    }

    @Test(arguments: families)
    func `leaves alone what is merely routed to the same port of another`(source: String) throws {
        let scene = try CuttingScene()
        let (backend, address) = try scene.backend(for: source)
        try scene.rewrite(source, "ct state new counter")
        let isIPv6 = source.contains(":")
        let route = isIPv6 ? "fd00::/64 via 2001:db8::1" : "10.0.0.0/24 via 192.0.2.1"
        try scene.client.ip("route add \(route)")
        let listener = try TestSocket.bound(SOCK_STREAM, in: backend, to: address, port: 22)
        let client = try TestSocket.connected(
            in: scene.client,
            from: source,
            to: address,
            port: 22
        )
        let accepted = try listener.accept()
        #expect(try scene.trackedCount() == 1)
        #expect(try scene.cut([source]) == CutReport())
        #expect(try scene.trackedCount() == 1)
        #expect(client.reaches(accepted))
    }

    @Test(arguments: families)
    func `forgets what was tracked without being rewritten, of UDP as well`(source: String) throws {
        let scene = try CuttingScene()
        try scene.rewrite(source, "ct state new counter")
        let address = CuttingScene.server(for: source)
        let server = try TestSocket.bound(SOCK_DGRAM, in: scene.server, to: address, port: 3389)
        let client = try scene.connect(SOCK_DGRAM, from: source, to: 3389)
        #expect(client.reaches(server))
        #expect(try scene.cut([source], "3389/tcp").flows == 0)
        #expect(try scene.cut([source], "3389/udp").flows == 1)
        #expect(try scene.trackedCount() == 0)
    }
}

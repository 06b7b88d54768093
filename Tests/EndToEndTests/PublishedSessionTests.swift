import Foundation
import Glibc
import Grants
import StrictJSON
import TestSupport
import Testing

/// A host whose port 3389 is that of a container: a namespace behind it.
private struct PublishedScene {
    let scene: SessionScene
    let container: NetworkNamespace
    let source: String

    private var isIPv6: Bool { source.contains(":") }
    private var address: String { isIPv6 ? "fd00::2" : "10.0.0.2" }

    init(from source: String) throws {
        scene = try SessionScene(starting: false)
        container = try NetworkNamespace()
        self.source = source
        let server = scene.server
        for space in [server, container] {
            let setting = "/proc/sys/net/ipv6/conf/default/accept_dad"
            try space.command("sh", "-c", "echo 0 > \(setting)")
        }
        try server.ip("link add veth2 type veth peer name veth3 netns \(container.path)")
        let isIPv6 = source.contains(":")
        for (space, name, own) in [(server, "veth2", 1), (container, "veth3", 2)] {
            let own = isIPv6 ? "fd00::\(own)/64 nodad" : "10.0.0.\(own)/24"
            try space.ip("link set \(name) up")
            try space.ip("addr add dev \(name) \(own)")
        }
        try container.ip("route add default via \(isIPv6 ? "fd00::1" : "10.0.0.1")")
        let setting = isIPv6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward"
        try server.command("sh", "-c", "echo 1 > /proc/sys/\(setting)")
        let (family, target) = isIPv6 ? ("ip6", "[fd00::2]:3389") : ("ip", "10.0.0.2:3389")
        try server.command(
            "nft",
            """
            table \(family) dock {
                chain pre {
                    type nat hook prerouting priority dstnat;
                    fib daddr type local tcp dport 3389 dnat to \(target)
                }
            }
            """
        )
        try scene.host.start()
    }

    /// A session with the container, under a grant.
    func session(lasting seconds: Double) throws -> (session: Session, id: UUID) {
        let id = UUID()
        let before = try scene.host.records("grant-opened").count
        let changes: [JSONValue.Member] = [
            .init("sources", [.string(source + (isIPv6 ? "/128" : "/32"))]),
            .init("ports", ["3389/tcp"]),
        ]
        let grant = try scene.host.grant(id: id, lasting: seconds, changes: changes)
        try scene.host.submit(grant, as: "\(id).grant")
        try eventually { try scene.host.records("grant-opened").count > before }
        let listener = try TestSocket.bound(SOCK_STREAM, in: container, to: address, port: 3389)
        return (try scene.session(from: source, at: listener, port: 3389), id)
    }
}

@Suite struct `A session with a published container` {
    static let sources = ["192.0.2.7", "2001:db8::7"]

    @Test(arguments: sources)
    func `is reset at both ends by a revocation`(source: String) throws {
        let published = try PublishedScene(from: source)
        let (session, id) = try published.session(lasting: 60)
        #expect(session.lives)
        let outcome = try published.scene.host.jitgate("revoke", "\(id)", "--reason", "out")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        #expect(session.server.ending(within: 10_000) == ECONNRESET)
        #expect(try published.scene.host.jitgate("status", "--json").status == 0)
    }

    @Test(arguments: sources)
    func `is reset at both ends at its deadline, and the next one is not`(
        source: String
    ) throws {
        let published = try PublishedScene(from: source)
        let (session, _) = try published.session(lasting: 3)
        #expect(session.client.ending(within: 20_000) == ECONNRESET)
        #expect(session.server.ending(within: 10_000) == ECONNRESET)
        let (next, _) = try published.session(lasting: 60)
        #expect(next.lives)
    }
}

import Connections
import Glibc
import Grants
import Synchronization
import TestSupport
import Testing

extension JoinedHosts {
    /// The far ends of the sessions at ports of the server.
    func peers(at ports: String...) throws -> [String] {
        let ports = try ports.map { try Port(parsing: $0) }
        return try server.run {
            var list = try SessionList()
            return try list.sessions(at: ports).map(\.peer.description).sorted()
        }
    }

    /// Has conntrack follow what comes in, as the gate does.
    func track() throws {
        try server.command(
            "nft",
            "table inet other { chain x { type filter hook input priority 0; ct state new; }; }"
        )
    }
}

private final class HeldWatch: Sendable {
    private let watch: Mutex<EndedSockets>

    init(_ ports: [String]) throws {
        let ports = try ports.map { try Port(parsing: $0) }
        watch = Mutex(try EndedSockets(of: Set(ports)))
    }

    func drain() throws -> [String] {
        try watch.withLock { try $0.drain().map { "\($0.peer.port) \($0.port)" } }
    }
}

@Suite struct `The sessions at a port` {
    static let sources = ["192.0.2.7", "2001:db8::7"]

    @Test(arguments: sources)
    func `are its established sockets, tracked or not`(source: String) throws {
        let scene = try CuttingScene()
        let listener = try scene.listen()
        let before = try scene.session(from: source, at: listener)
        try scene.track()
        let after = try scene.session(from: source, at: listener)
        let ends = [before, after].map { session in
            let port = session.client.port
            return source.contains(":") ? "[\(source)]:\(port)" : "\(source):\(port)"
        }
        #expect(try scene.peers(at: "22/tcp") == ends.sorted())
        #expect(try scene.peers(at: "2200/tcp") == [])
    }

    @Test(arguments: sources)
    func `are those that were redirected from it, by their own ends`(source: String) throws {
        let scene = try CuttingScene()
        let family = source.contains(":") ? "ip6" : "ip"
        try scene.server.command(
            "nft",
            """
            table \(family) nat {
                chain pre { type nat hook prerouting priority -100; tcp dport 22 redirect to :2222; }
                chain in { type nat hook input priority 100; tcp dport 2222 snat to \
            \(source.contains(":") ? "2001:db8::99" : "192.0.2.99"); }
            }
            """
        )
        let address = CuttingScene.server(for: source)
        let listener = try TestSocket.bound(SOCK_STREAM, in: scene.server, to: address, port: 2222)
        let session = try scene.session(from: source, at: listener, port: 22)
        let port = session.client.port
        let end = source.contains(":") ? "[\(source)]:\(port)" : "\(source):\(port)"
        #expect(try scene.peers(at: "22/tcp") == [end])
        #expect(try scene.peers(at: "2222/tcp") == [end])
    }

    @Test func `are none of those that strangers begin in the name of others`() throws {
        let scene = try CuttingScene()
        let listener = try scene.listen()
        try scene.track()
        let session = try scene.session(from: "192.0.2.7", at: listener)
        try SynFlood.send(60_000, in: scene.client, to: "192.0.2.1", port: 22)
        #expect(try scene.trackedCount() ?? 0 > 30_000)
        #expect(try scene.peers(at: "22/tcp") == ["192.0.2.7:\(session.client.port)"])
        #expect(try scene.cut(["0.0.0.0/1"]) == CutReport())
    }

    @Test func `are none of UDP, nor those of the host with itself`() throws {
        let scene = try CuttingScene()
        try scene.track()
        let server = try TestSocket.bound(
            SOCK_DGRAM,
            in: scene.server,
            to: "192.0.2.1",
            port: 3389
        )
        let client = try scene.connect(SOCK_DGRAM, from: "192.0.2.7", to: 3389)
        try server.connect(to: "192.0.2.7", port: client.port)
        #expect(client.reaches(server) && server.reaches(client))
        let listener = try scene.listen()
        let own = try TestSocket.connected(
            in: scene.server,
            from: "192.0.2.1",
            to: "192.0.2.1",
            port: 22
        )
        let accepted = try listener.accept()
        #expect(own.reaches(accepted))
        #expect(try scene.peers(at: "22/tcp", "3389/udp", "3389/tcp") == [])
    }

    @Test(arguments: sources)
    func `that end are told of, and those of other ports are not`(source: String) throws {
        let scene = try CuttingScene()
        let watch = try scene.server.run { try HeldWatch(["22/tcp"]) }
        var sessions = try [2200, 22].map { port in
            try scene.session(from: source, at: try scene.listen(port))
        }
        let port = sessions[1].client.port
        sessions = []
        var ended: [String] = []
        try eventually {
            ended += try watch.drain()
            return !ended.isEmpty
        }
        #expect(ended == ["\(port) 22/tcp"])
    }
}

import Connections
import Enforcement
import Glibc
import Grants
import Netlink
import Synchronization
import TestSupport
import Testing

/// A gate with an opening for 192.0.2.7, 192.0.2.9 and their likes, and the log of its packets.
private struct UseScene: JoinedHosts {
    let server: NetworkNamespace
    let client: NetworkNamespace
    private let gate: HeldGate
    private let log: HeldPacketLog

    init() throws {
        let scene = try GateScene()
        (server, client, gate) = (scene.server, scene.client, scene.gate)
        let openings = try ["192.0.2.7/32", "2001:db8::7/128", "192.0.2.9/32"].map { source in
            [try opening(source), try opening(source, "3389/udp")]
        }
        let wanted = openings.joined().map { ($0, Duration.seconds(60)) }
        try gate.install(shape(), open: Dictionary(uniqueKeysWithValues: wanted))
        log = try server.run { try HeldPacketLog(22) }
    }

    /// Has conntrack forget every connection, as `conntrack --flush` does.
    func forgetConnections() throws {
        try server.run {
            let socket = try NetlinkSocket.netfilter()
            let flush = NetlinkRequest(
                type: 0x102,  // IPCTNL_MSG_CT_DELETE of NFNL_SUBSYS_CTNETLINK
                flags: 4,  // NLM_F_ACK
                sequence: 1,
                header: [0, 0, 0, 0]
            )
            try socket.ask(flush) { _ in }
        }
    }

    /// The peers of the logged packets, by rule.
    func logged() throws -> [String] {
        try log.drain().packets.map { "\($0.prefix.dropFirst("jitgate-".count)) \($0.peer)" }
    }

    /// Denied packets come last: once one is there all before it are.
    func loggedBefore(_ mark: UInt16) throws -> [String] {
        try TestPacket(
            from: ("192.0.2.8", mark),
            to: ("192.0.2.1", 22),
            flags: TestPacket.Flag.synchronize
        )
        .send(in: client)
        var all: [String] = []
        try eventually {
            all += try logged()
            return all.contains("denied 192.0.2.8:\(mark)")
        }
        return all.filter { !$0.hasPrefix("denied") }
    }

    /// A segment from 192.0.2.9, which nobody has and which answers nothing.
    func spoof(_ flags: UInt8, acknowledging: UInt32 = 0) throws {
        try TestPacket(
            from: ("192.0.2.9", 40_000),
            to: ("192.0.2.1", 22),
            flags: flags,
            sequence: flags == TestPacket.Flag.synchronize ? 1 : 2,
            acknowledging: acknowledging
        )
        .send(in: client)
    }
}

private final class HeldPacketLog: Sendable {
    private let log: Mutex<PacketLog>

    init(_ group: UInt16) throws {
        log = Mutex(try PacketLog(group: group))
    }

    func drain() throws -> LoggedPackets {
        try log.withLock { try $0.drain() }
    }
}

@Suite struct `The gate's log of who came` {
    @Test(arguments: ["192.0.2.7", "2001:db8::7"])
    func `has a connection once, when its handshake is over`(source: String) throws {
        let scene = try UseScene()
        let listener = try scene.listen()
        let session = try scene.session(from: source, at: listener)
        for _ in 0..<5 { #expect(session.lives) }
        let peer =
            source.contains(":")
            ? "[\(source)]:\(session.client.port)" : "\(source):\(session.client.port)"
        #expect(try scene.loggedBefore(1) == ["used \(peer)"])
        let again = try scene.session(from: source, at: listener)
        #expect(again.lives)
        #expect(try scene.loggedBefore(2).count == 1)
    }

    @Test func `has nothing of a SYN with another's address, answered or not`() throws {
        let scene = try UseScene()
        let listener = try scene.listen()
        try scene.spoof(TestPacket.Flag.synchronize)
        #expect(try scene.loggedBefore(1).isEmpty)
        // Nor of an acknowledgement by guess, or of a reset by whom the address belongs to.
        for guess in [UInt32](stride(from: 0, to: .max - (1 << 28), by: 1 << 28)) {
            try scene.spoof(TestPacket.Flag.acknowledge, acknowledging: guess | 0x0333_1111)
        }
        try scene.spoof(TestPacket.Flag.reset)
        #expect(try scene.loggedBefore(2).allSatisfy { !$0.hasPrefix("used") })
        withExtendedLifetime(listener) {}
    }

    @Test func `has nothing of acknowledgements that begin nothing`() throws {
        let scene = try UseScene()
        let listener = try scene.listen()
        for _ in 0..<5 { try scene.spoof(TestPacket.Flag.acknowledge, acknowledging: 7) }
        #expect(try scene.loggedBefore(1).allSatisfy { !$0.hasPrefix("used") })
        withExtendedLifetime(listener) {}
    }

    @Test func `has a datagram that follows an answer, and none before`() throws {
        let scene = try UseScene()
        let server = try TestSocket.bound(SOCK_DGRAM, in: scene.server, to: "192.0.2.1", port: 3389)
        let client = try scene.connect(SOCK_DGRAM, from: "192.0.2.7", to: 3389)
        #expect(client.reaches(server))
        #expect(client.reaches(server))
        #expect(try scene.loggedBefore(1).isEmpty)
        try server.connect(to: "192.0.2.7", port: client.port)
        #expect(server.reaches(client))
        for _ in 0..<3 { #expect(client.reaches(server)) }
        #expect(try scene.loggedBefore(2) == ["used 192.0.2.7:\(client.port)"])
    }

    @Test func `has nothing again of a connection that conntrack was made to forget`() throws {
        let scene = try UseScene()
        let session = try scene.session(from: "192.0.2.7", at: try scene.listen())
        #expect(session.lives)
        #expect(try scene.loggedBefore(1).count == 1)
        try scene.forgetConnections()
        for _ in 0..<5 { #expect(session.lives) }
        #expect(try scene.loggedBefore(2).allSatisfy { !$0.hasPrefix("used") })
    }

    @Test func `has what conntrack leaves alone, by another name`() throws {
        let scene = try UseScene()
        try scene.server.command(
            "nft",
            """
            add table inet r
            add chain inet r in { type filter hook prerouting priority raw; }
            add chain inet r out { type filter hook output priority raw; }
            add rule inet r in tcp dport 22 notrack
            add rule inet r out tcp sport 22 notrack
            """
        )
        let session = try scene.session(from: "192.0.2.7", at: try scene.listen())
        #expect(session.lives)
        let seen = try scene.loggedBefore(1)
        #expect(Set(seen) == ["untracked 192.0.2.7:\(session.client.port)"])
        // A SYN alone proves nothing and is none of it.
        try scene.spoof(TestPacket.Flag.synchronize)
        #expect(try scene.loggedBefore(2).isEmpty)
    }

    @Test(arguments: [
        (0, true), (40, true), (208, true), (1400, true), (4048, true), (6144, false),
    ])
    func `says who tried behind long headers, and at which port if it can`(
        options: Int,
        isRead: Bool
    ) throws {
        let scene = try UseScene()
        try scene.server.ip("link", "set", "veth0", "mtu", "9000")
        try scene.client.ip("link", "set", "veth1", "mtu", "9000")
        // What conntrack knows needs no reading.
        try scene.server.command(
            "nft",
            """
            add table inet r
            add chain inet r in { type filter hook prerouting priority -350; }
            add rule inet r in tcp dport 22 notrack
            """
        )
        try TestPacket(
            from: ("2001:db8::8", 41_001),
            to: ("2001:db8::1", 22),
            flags: TestPacket.Flag.synchronize,
            options: options
        )
        .send(in: scene.client)
        var all: [String] = []
        try eventually {
            all += try scene.logged()
            return !all.isEmpty
        }
        #expect(all == [isRead ? "denied [2001:db8::8]:41001" : "denied 2001:db8::8"])
    }
}

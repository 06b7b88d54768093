import Connections
import Glibc
import Grants
import Synchronization
import TestSupport
import Testing

/// A log of packets that lives in a namespace.
private final class HeldLog: Sendable {
    private let log: Mutex<PacketLog>

    init(_ group: UInt16) throws {
        log = Mutex(try PacketLog(group: group))
    }

    func drain() throws -> LoggedPackets {
        try log.withLock { try $0.drain() }
    }
}

private struct LogScene: JoinedHosts {
    let server: NetworkNamespace
    let client: NetworkNamespace

    init(_ rule: String) throws {
        server = try NetworkNamespace()
        client = try Self.client(of: server)
        try server.command(
            "nft",
            """
            add table inet t
            add chain inet t in { type filter hook input priority 0; }
            add rule inet t in \(rule)
            """
        )
    }

    func log(_ group: UInt16) throws -> HeldLog { try server.run { try HeldLog(group) } }
}

@Suite struct `The log of packets` {
    @Test func `says who came, in both families`() throws {
        let scene = try LogScene("udp dport 3389 log group 7 prefix \"came\"")
        let log = try scene.log(7)
        let server = try TestSocket.bound(SOCK_DGRAM, in: scene.server, to: "::", port: 3389)
        let clients = try ["192.0.2.7", "2001:db8::7"].map {
            try scene.connect(SOCK_DGRAM, from: $0, to: 3389)
        }
        for client in clients { #expect(client.reaches(server)) }
        let drained = try log.drain()
        #expect(drained.missed == 0)
        #expect(drained.packets.map(\.prefix) == ["came", "came"])
        #expect(
            drained.packets.map(\.peer) == [
                "192.0.2.7:\(clients[0].port)", "[2001:db8::7]:\(clients[1].port)",
            ]
        )
        #expect(drained.packets.allSatisfy { $0.port?.description == "3389/udp" })
        #expect(try log.drain().isEmpty)
    }

    @Test func `is for one listener a group`() throws {
        let scene = try LogScene("accept")
        let log = try scene.log(7)
        #expect(throws: ConnectionsError.groupTaken(7)) { _ = try scene.log(7) }
        _ = try scene.log(8)
        #expect(try log.drain().isEmpty)
    }

    @Test func `counts what it could not keep, and takes a bounded number at once`() throws {
        let scene = try LogScene("udp dport 3389 log group 7 prefix \"came\"")
        let log = try scene.log(7)
        let server = try TestSocket.bound(SOCK_DGRAM, in: scene.server, to: "::", port: 3389)
        let client = try scene.connect(SOCK_DGRAM, from: "192.0.2.7", to: 3389)
        let sent = 20_000
        for _ in 0..<sent { #expect(client.reaches(server)) }
        var total = LoggedCount()
        repeat { total.take(try log.drain()) } while total.last > 0
        #expect(total.most <= 256)
        #expect(client.reaches(server))
        total.take(try log.drain())
        #expect(total.missed > 0)
        #expect(total.seen + total.missed == sent + 1)
    }
}

private struct LoggedCount {
    var seen = 0
    var missed = 0
    var last = 0
    var most = 0

    mutating func take(_ drained: LoggedPackets) {
        last = drained.packets.count
        most = max(most, last)
        seen += last
        missed += drained.missed
    }
}

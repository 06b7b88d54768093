import Glibc
import Grants
import Netlink
import SystemPackage

/// The sockets of this host: found by port, and destroyed.
struct SocketTable: ~Copyable {
    /// The number of sockets destroyed by one datagram.
    private static let atOnce = 500

    private let socket: NetlinkSocket
    private var sequence: UInt32 = 0

    init() throws(Errno) {
        socket = try NetlinkSocket.socketDiagnosis()
    }

    /// Destroys the matching sockets of a port; returns their number.
    ///
    /// The families are those of the peers. IPv4 peers are in both of the kernel's tables, since a
    /// socket that listens for IPv6 may accept IPv4 too.
    mutating func destroy(
        of port: Port,
        _ families: [Address.Family],
        where isMeant: (Endpoint) -> Bool
    ) throws(Errno) -> Int {
        try destroy(find(of: port, .connected, families, where: isMeant), port.transport)
    }

    /// The sockets of a port with a matching peer.
    mutating func find(
        of port: Port,
        _ kind: ConnectedSocket.Kind,
        _ families: [Address.Family],
        where isMeant: (Endpoint) -> Bool
    ) throws(Errno) -> [ConnectedSocket] {
        let tables = families.contains(.ipv4) ? [AF_INET, AF_INET6] : [AF_INET6]
        var meant: [ConnectedSocket] = []
        for family in tables {
            sequence += 1
            let request = ConnectedSocket.dump(
                of: port,
                kind,
                family: family,
                sequence: sequence
            )
            try socket.ask(request) { message in
                guard let found = ConnectedSocket(message), isMeant(found.peer) else { return }
                meant.append(found)
            }
        }
        return meant
    }

    private mutating func destroy(
        _ all: [ConnectedSocket],
        _ transport: Transport
    ) throws(Errno) -> Int {
        var count = 0
        for start in stride(from: 0, to: all.count, by: Self.atOnce) {
            let some = all[start..<min(start + Self.atOnce, all.count)]
            var requests: [NetlinkRequest] = []
            for found in some {
                sequence += 1
                requests.append(found.destruction(transport, sequence: sequence))
            }
            let refused = try socket.carryOut(requests)
            count += some.count - refused.count
            // A socket that no longer exists has closed by itself.
            let failure = refused.values.first { $0 != .noSuchFileOrDirectory }
            if let failure { throw failure }
        }
        return count
    }
}

package import Grants
import Netfilter

/// A connection to a protected port that was there when denying began.
///
/// Labels alone cannot tell these: a connection that is older than the gate has no room for one.
package struct ExistingConnection: Hashable, Sendable {
    package let peer: Address
    package let peerPort: UInt16
    /// The port that it came in by.
    package let port: Port

    package init(peer: Address, peerPort: UInt16, port: Port) {
        self.peer = peer
        self.peerPort = peerPort
        self.port = port
    }

    /// A key of the set of its family.
    var keyBytes: [UInt8] {
        peer.networkBytes + [port.transport.protocolNumber, 0, 0, 0]
            + [peerPort, port.number].flatMap {
                [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0), 0, 0]
            }
    }

    /// The connection that a key of a set stands for; `nil` for a key that none has.
    init?(key: [UInt8]) {
        let tail = Array(key.suffix(12))
        guard tail.count == 12, let peer = Address(networkBytes: key.dropLast(12)),
            let transport = Transport.allCases.first(where: { $0.protocolNumber == tail[0] }),
            let port = Port(number: UInt16(tail[8]) << 8 | UInt16(tail[9]), transport: transport)
        else { return nil }
        self.init(peer: peer, peerPort: UInt16(tail[4]) << 8 | UInt16(tail[5]), port: port)
    }
}

/// The set of connections of one family that were there when denying began.
struct ExistingSet: Hashable {
    let family: Address.Family

    static let all = [Self(family: .ipv4), Self(family: .ipv6)]

    /// The keys of connections, by the name of their set.
    static func keys(_ connections: [ExistingConnection]) -> [String: Set<[UInt8]>] {
        Dictionary(grouping: connections) { Self(family: $0.peer.family).name }
            .mapValues { Set($0.map(\.keyBytes)) }
    }

    var name: String { family == .ipv4 ? "existing_ipv4" : "existing_ipv6" }

    var definition: SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.concatenated(
                KeyType.address(family),
                KeyType.protocolNumber,
                KeyType.service,
                KeyType.service
            ),
            keyLength: family == .ipv4 ? 16 : 28,
            expires: false
        )
    }

    /// They let nothing new in: a packet that opens a connection is never looked up.
    ///
    /// Of TCP that is SYN without ACK, since conntrack may first see a connection in its midst. Of
    /// UDP it is what conntrack saw no answer to.
    var rules: [[Expression]] {
        let (synchronize, acknowledge): (UInt8, UInt8) = (0x02, 0x10)  // netinet/tcp.h
        let isTCP: [Expression] = [
            .meta(.transportProtocol, into: 1), .equal(1, [Transport.tcp.protocolNumber]),
            .payload(.transport, offset: 13, count: 1, into: 1),
            .mask(1, [synchronize | acknowledge]), .unequal(1, [synchronize]),
        ]
        let isUDP: [Expression] = [
            .meta(.transportProtocol, into: 1), .equal(1, [Transport.udp.protocolNumber]),
        ]
        return [isTCP + isKnown, isUDP + ConnectionLabel.isEstablished + isKnown]
    }

    private var isKnown: [Expression] {
        let words = SourceSet.wordsBehindAddress(family)
        return SourceSet.source(family) + [
            .meta(.transportProtocol, into: words.0),
            .payload(.transport, offset: 0, count: 2, into: words.1),
            .payload(.transport, offset: 2, count: 2, into: words.1 + 1),
            .lookup(1, set: name),
            .verdict(.accept),
        ]
    }
}

extension KernelGate {
    /// Whether a connection that was there when denying began may go on.
    package func keeps(_ connection: ExistingConnection) -> Bool {
        guard shape?.keepsExistingNow == true else { return false }
        let set = ExistingSet(family: connection.peer.family).name
        return existing[set]?.contains(connection.keyBytes) == true
    }

    /// Ends it that connections which were there when denying began may go on.
    package mutating func forget(
        where isMeant: (ExistingConnection) -> Bool
    ) throws(GateError) {
        var plan = Plan()
        for (set, keys) in existing {
            let meant = keys.filter { ExistingConnection(key: $0).map(isMeant) ?? false }
            if !meant.isEmpty { plan.removed[set] = Array(meant) }
        }
        guard !plan.isEmpty else { return }
        try commit(plan, "forget connections", onlyAt: nil)
        for (set, keys) in plan.removed { existing[set]?.subtract(keys) }
    }
}

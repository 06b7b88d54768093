package import Grants
import Netfilter

/// A TCP connection to a protected port that was there when denying began.
///
/// Labels alone cannot tell these: a connection that is older than the gate has no room for one.
package struct ExistingConnection: Hashable, Sendable {
    package let peer: Address
    package let peerPort: UInt16
    /// The port that it came in by.
    package let port: UInt16

    package init(peer: Address, peerPort: UInt16, port: UInt16) {
        self.peer = peer
        self.peerPort = peerPort
        self.port = port
    }

    /// A key of the set of its family.
    var keyBytes: [UInt8] {
        peer.networkBytes
            + [peerPort, port].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0), 0, 0] }
    }
}

/// The set of connections of one family that were there when denying began.
///
/// It lets nothing new in: a packet that opens a connection (SYN without ACK) is never looked up.
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
                KeyType.service,
                KeyType.service
            ),
            keyLength: family == .ipv4 ? 12 : 24,
            expires: false
        )
    }

    var rule: [Expression] {
        let words = SourceSet.wordsBehindAddress(family)
        let (synchronize, acknowledge): (UInt8, UInt8) = (0x02, 0x10)  // netinet/tcp.h
        return [
            .meta(.transportProtocol, into: 1), .equal(1, [Transport.tcp.protocolNumber]),
            .payload(.transport, offset: 13, count: 1, into: 1),
            .mask(1, [synchronize | acknowledge]), .unequal(1, [synchronize]),
        ] + SourceSet.source(family) + [
            .payload(.transport, offset: 0, count: 2, into: words.0),
            .payload(.transport, offset: 2, count: 2, into: words.1),
            .lookup(1, set: name),
            .verdict(.accept),
        ]
    }
}

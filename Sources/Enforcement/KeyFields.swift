import Grants
import Netfilter

/// The fields of a packet that make up a key: the peer's address and the port of this side.
enum KeyFields {
    /// For incoming packets: the source address and the destination port.
    case received
    /// For packets that DNAT redirected: the source address and the original destination port.
    case published
    /// For outgoing packets: the destination address and the source port.
    case sent

    /// Loads the peer's address into register 1, for packets of this family only.
    func peer(_ family: Address.Family) -> [Expression] {
        let isIPv4 = family == .ipv4
        let source: UInt32 = isIPv4 ? 12 : 8  // RFC 791, RFC 8200: the destination comes behind it
        let length: UInt32 = isIPv4 ? 4 : 16
        return [
            .meta(.networkProtocol, into: 1),
            .equal(1, [isIPv4 ? 2 : 10]),  // NFPROTO_IPV4, NFPROTO_IPV6
            .payload(
                .network,
                offset: self == .sent ? source + length : source,
                count: length,
                into: 1
            ),
        ]
    }

    /// Loads the port of this side.
    func port(into register: UInt32) -> Expression {
        switch self {
        case .received: .payload(.transport, offset: 2, count: 2, into: register)
        case .published: .tracking(.originalDestinationPort, into: register)
        case .sent: .payload(.transport, offset: 0, count: 2, into: register)
        }
    }

    /// Loads the peer's port of incoming packets.
    static func peerPort(into register: UInt32) -> Expression {
        .payload(.transport, offset: 0, count: 2, into: register)
    }

    /// Matches packets that concern a protected port.
    var isProtected: [Expression] {
        [.meta(.transportProtocol, into: 1), port(into: 9), .lookup(1, set: GateNames.protected)]
    }
}

/// The matches that rules begin with.
enum Test {
    static let tcp: [Expression] = isTransport(.tcp)
    static let udp: [Expression] = isTransport(.udp)

    static func isTransport(_ transport: Transport) -> [Expression] {
        [.meta(.transportProtocol, into: 1), .equal(1, [transport.protocolNumber])]
    }

    // RFC 9293, section 3.1, and netinet/tcp.h
    private static let (finish, synchronize, reset, acknowledge): (UInt8, UInt8, UInt8, UInt8) =
        (0x01, 0x02, 0x04, 0x10)

    /// Loads the flags of `mask` of a TCP segment into register 1.
    private static func flags(_ mask: UInt8) -> [Expression] {
        tcp + [.payload(.transport, offset: 13, count: 1, into: 1), .mask(1, [mask])]
    }

    /// Matches a TCP segment that opens a connection: SYN without ACK.
    static let opensConnection = flags(synchronize | acknowledge) + [.equal(1, [synchronize])]

    /// Matches a TCP segment that belongs to a connection, or claims to.
    static let continuesConnection = flags(synchronize | acknowledge) + [.unequal(1, [synchronize])]

    /// Matches a TCP segment that opens a connection, as a well-behaved peer sends it.
    static let beginsHandshake =
        flags(finish | synchronize | reset | acknowledge) + [.equal(1, [synchronize])]

    /// Matches a TCP segment that acknowledges and neither opens nor resets.
    static let acknowledges =
        flags(synchronize | reset | acknowledge) + [.equal(1, [acknowledge])]

    static let isLoopback: [Expression] = [.meta(.interfaceType, into: 1), .equal(1, loopbackType)]
    /// Matches packets from an address that is not this host's.
    static let isFromElsewhere: [Expression] = [
        .sourceKind(into: 1), .unequal(1, FirewallPolicy.native(UInt32(2))),  // RTN_LOCAL
    ]
    /// Matches packets from a socket of a process: for others the kernel ends the rule at the load.
    static let hasSocket: [Expression] = [
        .meta(.socketOwner, into: 1), .unequal(1, FirewallPolicy.native(UInt32.max)),
    ]
    static let goesToLoopback: [Expression] = [
        .meta(.outputInterfaceType, into: 1), .equal(1, loopbackType),
    ]
    private static let loopbackType = FirewallPolicy.native(UInt16(772))  // ARPHRD_LOOPBACK

    /// Matches packets from the end that began the connection.
    static let isOriginal: [Expression] = [.tracking(.direction, into: 1), .equal(1, [0])]
    /// Matches packets from the other end.
    static let isReply: [Expression] = [.tracking(.direction, into: 1), .equal(1, [1])]

    /// `IPS_DST_NAT` of linux/netfilter/nf_conntrack_common.h.
    private static let destinationNAT: UInt32 = 1 << 5

    /// Matches packets that DNAT redirected.
    static let wasRewritten: [Expression] = [
        .tracking(.status, into: 1), .mask(1, FirewallPolicy.native(destinationNAT)),
        .unequal(1, [0, 0, 0, 0]),
    ]
}

import Glibc
package import Grants
import Netlink

/// The ports of a packet and their protocol.
package struct PacketPorts: Hashable, Sendable {
    package let source: UInt16
    package let destination: UInt16
    package let transport: Transport

    var port: Port? { Port(number: destination, transport: transport) }
}

extension PacketPorts {
    /// The ports of the first packet of a connection, if this packet has the same direction.
    init?(of flow: FlowDirection, for headers: PacketHeaders) {
        guard flow.source.address == headers.source,
            flow.source.port == headers.ports?.source ?? flow.source.port,
            let transport = Transport.allCases.first(where: {
                $0.protocolNumber == flow.protocolNumber
            })
        else { return nil }
        source = flow.source.port
        destination = flow.destination.port
        self.transport = transport
    }
}

/// The front of an IPv4 or IPv6 packet with its addresses and ports, parsed within bounds.
struct PacketHeaders: Hashable {
    let source: Address
    let destination: Address
    /// The ports; `nil` if they are cut off, in another fragment, or of neither TCP nor UDP.
    let ports: PacketPorts?

    /// Parses a packet; `nil` without a whole IP header.
    init?(_ packet: ArraySlice<UInt8>) {
        switch packet.first.map({ $0 >> 4 }) {
        case 4: self.init(ipv4: packet)
        case 6: self.init(ipv6: packet)
        default: return nil
        }
    }

    /// Parses RFC 791, section 3.1.
    private init?(ipv4 packet: ArraySlice<UInt8>) {
        guard
            let first = packet.first,
            let fragment = packet.network(UInt16.self, at: 6),
            let kind = packet.network(UInt8.self, at: 9),
            let source = Address(networkBytes: packet.dropFirst(12).prefix(4)),
            let destination = Address(networkBytes: packet.dropFirst(16).prefix(4))
        else { return nil }
        let length = Int(first & 0x0F) * 4
        guard length >= 20 else { return nil }
        self.source = source
        self.destination = destination
        let isFirst = fragment & 0x1FFF == 0  // the offset
        ports = isFirst ? Self.ports(Int32(kind), packet.dropFirst(length)) : nil
    }

    /// Parses RFC 8200, section 3.
    private init?(ipv6 packet: ArraySlice<UInt8>) {
        guard
            let kind = packet.network(UInt8.self, at: 6),
            let source = Address(networkBytes: packet.dropFirst(8).prefix(16)),
            let destination = Address(networkBytes: packet.dropFirst(24).prefix(16))
        else { return nil }
        self.source = source
        self.destination = destination
        ports = Self.pass(Int32(kind), packet.dropFirst(40)).flatMap { Self.ports($0, $1) }
    }

    private static func ports(_ kind: Int32, _ payload: ArraySlice<UInt8>) -> PacketPorts? {
        guard
            let transport = Transport.allCases.first(where: { $0.protocolNumber == UInt8(kind) }),
            let source = payload.network(UInt16.self),
            let destination = payload.network(UInt16.self, at: 2)
        else { return nil }
        return PacketPorts(source: source, destination: destination, transport: transport)
    }

    /// Skips extension headers (RFC 8200, section 4); each takes at least 8 bytes.
    private static func pass(
        _ first: Int32,
        _ start: ArraySlice<UInt8>
    ) -> (kind: Int32, payload: ArraySlice<UInt8>)? {
        var (kind, rest) = (first, start)
        while let length = length(of: kind, rest) {
            guard length <= rest.count, let next = rest.first else { return nil }
            if kind == IPPROTO_FRAGMENT {
                guard let offset = rest.network(UInt16.self, at: 2), offset >> 3 == 0 else {
                    return nil
                }
            }
            (kind, rest) = (Int32(next), rest.dropFirst(length))
        }
        return (kind, rest)
    }

    /// The length of an extension header; `nil` if it is none.
    private static func length(of kind: Int32, _ header: ArraySlice<UInt8>) -> Int? {
        let units = Int(header.dropFirst().first ?? 0)
        switch kind {
        case Int32(IPPROTO_HOPOPTS), Int32(IPPROTO_ROUTING), Int32(IPPROTO_DSTOPTS),
            Int32(IPPROTO_MH):
            return (units + 1) * 8
        case Int32(IPPROTO_FRAGMENT): return 8
        case Int32(IPPROTO_AH): return (units + 2) * 4  // RFC 4302, section 2.2
        default: return nil
        }
    }
}

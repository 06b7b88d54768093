import Glibc
import Grants
import Netlink

/// Who a packet is from and for: the front of an IPv4 or IPv6 packet, read within bounds.
struct PacketHeaders: Hashable {
    let source: Endpoint
    let destination: Endpoint
    let transport: Transport

    /// `nil` for what is cut off, is no first fragment, or is neither TCP nor UDP.
    init?(_ packet: ArraySlice<UInt8>) {
        switch packet.first.map({ $0 >> 4 }) {
        case 4: self.init(ipv4: packet)
        case 6: self.init(ipv6: packet)
        default: return nil
        }
    }

    /// RFC 791, section 3.1.
    private init?(ipv4 packet: ArraySlice<UInt8>) {
        guard
            let first = packet.first,
            let fragment = packet.network(UInt16.self, at: 6),
            fragment & 0x1FFF == 0,  // the offset
            let kind = packet.network(UInt8.self, at: 9)
        else { return nil }
        let length = Int(first & 0x0F) * 4
        guard length >= 20 else { return nil }
        self.init(
            packet.dropFirst(12).prefix(4),
            packet.dropFirst(16).prefix(4),
            Int32(kind),
            packet.dropFirst(length)
        )
    }

    /// RFC 8200, section 3.
    private init?(ipv6 packet: ArraySlice<UInt8>) {
        guard
            let kind = packet.network(UInt8.self, at: 6),
            let (last, payload) = Self.pass(Int32(kind), packet.dropFirst(40))
        else { return nil }
        self.init(
            packet.dropFirst(8).prefix(16),
            packet.dropFirst(24).prefix(16),
            last,
            payload
        )
    }

    private init?(
        _ source: ArraySlice<UInt8>,
        _ destination: ArraySlice<UInt8>,
        _ kind: Int32,
        _ payload: ArraySlice<UInt8>
    ) {
        guard
            let transport = Transport.allCases.first(where: { $0.protocolNumber == UInt8(kind) }),
            let from = Address(networkBytes: source),
            let to = Address(networkBytes: destination),
            let fromPort = payload.network(UInt16.self),
            let toPort = payload.network(UInt16.self, at: 2)
        else { return nil }
        self.source = Endpoint(address: from, port: fromPort)
        self.destination = Endpoint(address: to, port: toPort)
        self.transport = transport
    }

    /// Goes past extension headers (RFC 8200, section 4); each takes at least 8 bytes.
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

    /// How long an extension header is; `nil` if this is none.
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

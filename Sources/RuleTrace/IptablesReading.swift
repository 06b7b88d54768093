import CNetfilter
import Netfilter
import Netlink

/// Reads extensions of iptables-nft, which have structures of their own instead of nf_tables'
/// terms.
extension ForeignExpression {
    static func match(_ fields: ExpressionFields) -> Self {
        let data = fields[NFTA_MATCH_INFO.rawValue].map { Array($0.payload) } ?? []
        switch fields.text(NFTA_MATCH_NAME.rawValue) {
        case "comment": return .nothing
        case "tcp": return tcp(data)
        case "udp": return data.count > 8 ? ports(data, inversions: data[8]) : .unknown
        case "multiport": return portLists(data)
        case "conntrack": return states(data)
        case "addrtype": return addressTypes(data)
        case "rt", "frag", "ah", "esp", "hbh", "dst": return .never
        default: return .unknown
        }
    }

    /// `struct xt_tcp`: behind the ports an option, which flags are asked and must be set, inversions.
    private static func tcp(_ data: [UInt8]) -> Self {
        guard data.count > 11 else { return .unknown }
        let areSet = ProbeRegisters.synFlag & data[9] == data[10]
        guard areSet != (data[11] & 4 != 0) else { return .never }
        return ports(data, inversions: data[11] & ~4, besides: data[8] != 0)
    }

    /// `struct xt_tcp` and `xt_udp` begin with ranges of source and of destination ports.
    private static func ports(_ data: [UInt8], inversions: UInt8, besides: Bool = false) -> Self {
        let (from, to) = (data.native16(at: 4), data.native16(at: 6))
        guard from <= to else { return .unknown }
        let isFromAnywhere = data.native16(at: 0) == 0 && data.native16(at: 2) == .max
        return .destinationPort(
            [from...to],
            isInverted: inversions & 2 != 0,
            besides: besides || !isFromAnywhere || inversions & ~2 != 0
        )
    }

    /// `struct xt_addrtype_info_v1`: kinds of source and of destination addresses, and flags.
    private static func addressTypes(_ data: [UInt8]) -> Self {
        let (source, destination) = (data.native16(at: 0), data.native16(at: 2))
        let (invertsDestination, local) = (UInt16(2), UInt16(1 << 2))
        let flags = data.native16(at: 4)
        guard data.count == 8, source == 0, flags & ~invertsDestination == 0 else {
            return .unknown
        }
        let isOneOf = destination & local != 0
        return isOneOf != (flags & invertsDestination != 0) ? .nothing : .never
    }

    /// `struct xt_multiport_v1`: what is meant, how many, 15 ports, whether each begins a range.
    private static func portLists(_ data: [UInt8]) -> Self {
        guard data.count >= 48, data[0] == 1, data[1] <= 15 else { return .unknown }
        let ports = (0..<Int(data[1])).map { data.native16(at: 2 + 2 * $0) }
        var ranges: [ClosedRange<UInt16>] = []
        var index = 0
        while index < ports.count {
            let isRange = data[32 + index] != 0 && index + 1 < ports.count
            let last = isRange ? ports[index + 1] : ports[index]
            if ports[index] <= last { ranges.append(ports[index]...last) }
            index += isRange ? 2 : 1
        }
        return .destinationPort(ranges, isInverted: data[47] != 0)
    }

    /// `struct xt_conntrack_mtinfo3`: behind 8 addresses and two times, 5 ports, what is asked.
    private static func states(_ data: [UInt8]) -> Self {
        let asked = data.native16(at: 146) & ~(1 << 13)  // XT_CONNTRACK_STATE_ALIAS
        guard data.count >= 152, asked == 1 else { return .unknown }
        return .state(data.native16(at: 150), isInverted: data.native16(at: 148) & 1 != 0)
    }

    static func target(_ fields: ExpressionFields) -> Self {
        let data = fields[NFTA_TARGET_INFO.rawValue].map { Array($0.payload) } ?? []
        switch fields.text(NFTA_TARGET_NAME.rawValue) {
        case "REJECT", "TARPIT": return .verdict(.drop)
        case "DNAT", "REDIRECT": return .rewrite(portIn: nil, port: port(data))
        case "NFQUEUE": return .verdict(.queue)
        case "TPROXY": return .divert(portIn: nil, port: diversionPort(data))
        default: return .nothing
        }
    }

    /// The port of `struct xt_tproxy_target_info`, or of the larger `_v1`; 0 for the packet's own.
    private static func diversionPort(_ data: [UInt8]) -> UInt16? {
        let port = data.network(UInt16.self, at: data.count >= 28 ? 24 : 12) ?? 0
        return port == 0 ? nil : port
    }

    /// The port of `nf_nat_ipv4_multi_range_compat`, or of the larger `nf_nat_range`.
    private static func port(_ data: [UInt8]) -> UInt16? {
        let isLarge = data.count >= 40
        let port = data.network(UInt16.self, at: isLarge ? 36 : 16) ?? 0
        return port == 0 ? nil : port
    }
}

extension [UInt8] {
    fileprivate func native16(at offset: Int) -> UInt16 {
        guard count >= offset + 2 else { return 0 }
        return unsafe withUnsafeBytes {
            unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
        }
    }
}

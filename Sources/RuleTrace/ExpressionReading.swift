import CNetfilter
import Netfilter
import Netlink

extension ForeignExpression {
    private static let ctNew: UInt32 = 1 << 3  // NF_CT_STATE_BIT(IP_CT_NEW)

    /// Reads an element of `NFTA_RULE_EXPRESSIONS`.
    init(reading element: NetlinkAttribute) {
        let outer = ExpressionFields(element.nested)
        let fields = ExpressionFields(outer[NFTA_EXPR_DATA.rawValue]?.nested ?? [])
        self =
            switch outer.text(NFTA_EXPR_NAME.rawValue) ?? "" {
            case "meta": Self.meta(fields)
            case "payload": Self.payload(fields)
            case "ct": Self.tracking(fields)
            case "bitwise": Self.bits(fields)
            case "cmp": Self.comparison(fields) ?? .unknown
            case "range": Self.range(fields) ?? .unknown
            case "lookup": Self.lookup(fields)
            case "immediate": Self.immediate(fields)
            case "reject": .verdict(.drop)
            case "nat": Self.translation(fields)
            case "redir":
                .rewrite(portIn: fields.word(NFTA_REDIR_REG_PROTO_MIN.rawValue), port: nil)
            case "tproxy": .divert(portIn: fields.word(NFTA_TPROXY_REG_PORT.rawValue), port: nil)
            case "match": Self.match(fields)
            case "target": Self.target(fields)
            case "counter", "log", "notrack", "masq": .nothing
            case "fib", "socket", "rt", "hash", "exthdr", "osf", "numgen", "tunnel", "xfrm":
                fields.word(1).map { .load(.other, into: $0) } ?? .unknown
            default: .unknown
            }
    }

    private static func meta(_ fields: ExpressionFields) -> Self {
        guard let word = fields.word(NFTA_META_DREG.rawValue) else { return .nothing }
        switch fields.number(NFTA_META_KEY.rawValue) {
        case NFT_META_NFPROTO.rawValue: return .load(.family, into: word)
        case NFT_META_PROTOCOL.rawValue: return .load(.etherType, into: word)
        case NFT_META_L4PROTO.rawValue: return .load(.transport, into: word)
        case NFT_META_IIF.rawValue, NFT_META_IIFNAME.rawValue:
            return .load(.interface, into: word)
        default: return .load(.other, into: word)
        }
    }

    private static func payload(_ fields: ExpressionFields) -> Self {
        guard let word = fields.word(NFTA_PAYLOAD_DREG.rawValue) else { return .nothing }
        let place = [NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET, NFTA_PAYLOAD_LEN]
            .map { fields.number($0.rawValue) ?? 0 }
        switch place {
        case [NFT_PAYLOAD_TRANSPORT_HEADER.rawValue, 2, 2]:
            return .load(.destinationPort, into: word)
        // The protocol of an IPv4 header, the next header of an IPv6 one.
        case [NFT_PAYLOAD_NETWORK_HEADER.rawValue, 9, 1],
            [NFT_PAYLOAD_NETWORK_HEADER.rawValue, 6, 1]:
            return .load(.transport, into: word)
        case let place where place[0] == NFT_PAYLOAD_NETWORK_HEADER.rawValue:
            let (offset, count) = (Int(place[1]), Int(place[2]))
            guard offset <= 64, count <= 16 else { return .load(.other, into: word) }
            return .load(.networkHeader(offset: offset, count: count), into: word)
        default: return .load(.other, into: word)
        }
    }

    private static func tracking(_ fields: ExpressionFields) -> Self {
        guard let word = fields.word(NFTA_CT_DREG.rawValue) else { return .nothing }
        let isState = fields.number(NFTA_CT_KEY.rawValue) == NFT_CT_STATE.rawValue
        return .load(isState ? .state : .other, into: word)
    }

    private static func bits(_ fields: ExpressionFields) -> Self {
        guard let from = fields.word(NFTA_BITWISE_SREG.rawValue),
            let into = fields.word(NFTA_BITWISE_DREG.rawValue)
        else { return .unknown }
        guard let mask = fields.value(NFTA_BITWISE_MASK.rawValue),
            let other = fields.value(NFTA_BITWISE_XOR.rawValue)
        else { return .load(.other, into: into) }
        return .mask(mask, xor: other, from: from, into: into)
    }

    private static func comparison(_ fields: ExpressionFields) -> Self? {
        let kinds: [nft_cmp_ops: Comparison] = [
            NFT_CMP_EQ: .equal, NFT_CMP_NEQ: .unequal, NFT_CMP_LT: .less,
            NFT_CMP_LTE: .lessOrEqual, NFT_CMP_GT: .greater, NFT_CMP_GTE: .greaterOrEqual,
        ]
        guard let word = fields.word(NFTA_CMP_SREG.rawValue),
            let number = fields.number(NFTA_CMP_OP.rawValue),
            let kind = kinds.first(where: { $0.key.rawValue == number })?.value,
            let data = fields.value(NFTA_CMP_DATA.rawValue)
        else { return nil }
        return .compare(word, kind, data)
    }

    private static func range(_ fields: ExpressionFields) -> Self? {
        guard let word = fields.word(NFTA_RANGE_SREG.rawValue),
            let from = fields.value(NFTA_RANGE_FROM_DATA.rawValue),
            let to = fields.value(NFTA_RANGE_TO_DATA.rawValue)
        else { return nil }
        let isInverted = fields.number(NFTA_RANGE_OP.rawValue) == NFT_RANGE_NEQ.rawValue
        return .range(word, from: from, to: to, isInverted: isInverted)
    }

    private static func lookup(_ fields: ExpressionFields) -> Self {
        guard let word = fields.word(NFTA_LOOKUP_SREG.rawValue),
            let set = fields.text(NFTA_LOOKUP_SET.rawValue)
        else { return .unknown }
        let target = fields[NFTA_LOOKUP_DREG.rawValue]
        let isInverted = (fields.number(NFTA_LOOKUP_FLAGS.rawValue) ?? 0) & 1 != 0
        let decides = target != nil && fields.word(NFTA_LOOKUP_DREG.rawValue) == nil
        return .lookup(word, set: set, isInverted: isInverted, decides: decides)
    }

    private static func immediate(_ fields: ExpressionFields) -> Self {
        guard let data = fields[NFTA_IMMEDIATE_DATA.rawValue] else { return .unknown }
        if let word = fields.word(NFTA_IMMEDIATE_DREG.rawValue) {
            return .constant(fields.value(NFTA_IMMEDIATE_DATA.rawValue) ?? [], into: word)
        }
        return ForeignVerdict(reading: data).map { .verdict($0) } ?? .unknown
    }

    private static func translation(_ fields: ExpressionFields) -> Self {
        guard fields.number(NFTA_NAT_TYPE.rawValue) == NFT_NAT_DNAT.rawValue else {
            return .nothing
        }
        return .rewrite(portIn: fields.word(NFTA_NAT_REG_PROTO_MIN.rawValue), port: nil)
    }
}

/// Reads extensions of iptables-nft, which have structures of their own instead of nf_tables'
/// terms.
extension ForeignExpression {
    fileprivate static func match(_ fields: ExpressionFields) -> Self {
        let data = fields[NFTA_MATCH_INFO.rawValue].map { Array($0.payload) } ?? []
        switch fields.text(NFTA_MATCH_NAME.rawValue) {
        case "comment": return .nothing
        case "tcp": return ports(data, inversions: 11)
        case "udp": return ports(data, inversions: 8)
        case "multiport": return portLists(data)
        case "conntrack": return states(data)
        default: return .unknown
        }
    }

    /// `struct xt_tcp` and `xt_udp`: ranges of source and of destination ports, then how to invert.
    private static func ports(_ data: [UInt8], inversions: Int) -> Self {
        guard data.count > inversions else { return .unknown }
        let (from, to) = (data.native16(at: 4), data.native16(at: 6))
        let isFromAnywhere = data.native16(at: 0) == 0 && data.native16(at: 2) == .max
        guard isFromAnywhere, data[inversions] & ~2 == 0, from <= to else { return .unknown }
        return .destinationPort([from...to], isInverted: data[inversions] & 2 != 0)
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

    fileprivate static func target(_ fields: ExpressionFields) -> Self {
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

extension ForeignVerdict {
    /// Reads the attribute that holds `NFTA_DATA_VERDICT`.
    init?(reading data: NetlinkAttribute) {
        guard let inner = data.nested.first(where: { $0.type == NFTA_DATA_VERDICT.rawValue })
        else { return nil }
        let fields = ExpressionFields(inner.nested)
        let chain = fields.text(NFTA_VERDICT_CHAIN.rawValue)
        switch (Int32(bitPattern: fields.number(NFTA_VERDICT_CODE.rawValue) ?? 0), chain) {
        case (Int32(NF_ACCEPT), _): self = .accept
        case (Int32(NF_DROP), _): self = .drop
        case (NFT_JUMP.rawValue, let chain?): self = .jump(chain)
        case (NFT_GOTO.rawValue, let chain?): self = .goto(chain)
        case (NFT_RETURN.rawValue, _): self = .return
        case (NFT_CONTINUE.rawValue, _), (NFT_BREAK.rawValue, _): self = .goOn
        default: self = .queue
        }
    }
}

extension ExpressionFields {
    /// The word that a register begins at; `nil` for the verdict's.
    fileprivate func word(_ type: UInt32) -> Int? {
        guard let register = number(type).flatMap({ Int(exactly: $0) }), register > 0 else {
            return nil
        }
        return register <= 4 ? 4 + 4 * register : register
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

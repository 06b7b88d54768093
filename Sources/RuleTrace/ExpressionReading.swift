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
            case "fib": Self.route(fields)
            case "exthdr": Self.extensionHeader(fields)
            case "socket", "rt", "hash", "osf", "numgen", "tunnel", "xfrm":
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
        case [NFT_PAYLOAD_TRANSPORT_HEADER.rawValue, 0, 4]: return .load(.ports, into: word)
        case [NFT_PAYLOAD_TRANSPORT_HEADER.rawValue, 13, 1]: return .load(.tcpFlags, into: word)
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
        switch fields.number(NFTA_CT_KEY.rawValue) {
        case NFT_CT_STATE.rawValue: return .load(.state, into: word)
        case NFT_CT_STATUS.rawValue: return .load(.status, into: word)
        default: return .load(.other, into: word)
        }
    }

    /// The packet is for an address of this host: other kinds of destination it does not have.
    private static func route(_ fields: ExpressionFields) -> Self {
        guard let word = fields.word(NFTA_FIB_DREG.rawValue) else { return .unknown }
        let isOfDestination = fields.number(NFTA_FIB_FLAGS.rawValue) == NFTA_FIB_F_DADDR.rawValue
        let isKind = fields.number(NFTA_FIB_RESULT.rawValue) == NFT_FIB_RESULT_ADDRTYPE.rawValue
        return .load(isKind && isOfDestination ? .destinationType : .other, into: word)
    }

    /// The packet has no extension headers of IPv6: a rule that reads one does not match.
    private static func extensionHeader(_ fields: ExpressionFields) -> Self {
        guard let word = fields.word(NFTA_EXTHDR_DREG.rawValue) else { return .nothing }
        let kind = fields.number(NFTA_EXTHDR_OP.rawValue) ?? NFT_EXTHDR_OP_IPV6.rawValue
        guard kind == NFT_EXTHDR_OP_IPV6.rawValue else { return .load(.other, into: word) }
        let asksPresence = (fields.number(NFTA_EXTHDR_FLAGS.rawValue) ?? 0) & 1 != 0
        return asksPresence ? .constant([0], into: word) : .never
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

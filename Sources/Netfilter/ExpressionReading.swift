import CNetfilter
import Netlink

/// Expressions as the kernel reports them: the inverse of how libnftnl encodes ours.
extension Expression {
    /// Reads an element of `NFTA_RULE_EXPRESSIONS`; `nil` for whatever we would not have written.
    init?(reading element: NetlinkAttribute) {
        let outer = ExpressionFields(element.nested)
        guard let name = outer.text(NFTA_EXPR_NAME.rawValue) else { return nil }
        let fields = ExpressionFields(outer[NFTA_EXPR_DATA.rawValue]?.nested ?? [])
        let read: Self? =
            switch name {
            case "meta": Self.meta(fields)
            case "payload": Self.payload(fields)
            case "ct": Self.tracking(fields)
            case "fib": Self.addressKind(fields)
            case "bitwise": Self.mask(fields)
            case "cmp": Self.comparison(fields)
            case "lookup": Self.lookup(fields)
            case "immediate": Self.immediate(fields)
            case "limit": Self.limit(fields)
            case "log": Self.log(fields)
            case "counter": Self.counter(fields)
            case "notrack": .untracked
            case "reject": Self.reset(fields)
            case "exthdr": Self.stripping(fields)
            default: nil
            }
        guard let read else { return nil }
        self = read
    }

    private static func meta(_ fields: ExpressionFields) -> Self? {
        guard fields.say(only: NFTA_META_KEY.rawValue, NFTA_META_DREG.rawValue),
            let key = fields.number(NFTA_META_KEY.rawValue).flatMap(Meta.init),
            let register = fields.number(NFTA_META_DREG.rawValue)
        else { return nil }
        return .meta(key, into: register)
    }

    private static func payload(_ fields: ExpressionFields) -> Self? {
        guard
            fields.say(
                only: NFTA_PAYLOAD_BASE.rawValue,
                NFTA_PAYLOAD_OFFSET.rawValue,
                NFTA_PAYLOAD_LEN.rawValue,
                NFTA_PAYLOAD_DREG.rawValue
            ),
            let base = fields.number(NFTA_PAYLOAD_BASE.rawValue).flatMap(Header.init),
            let offset = fields.number(NFTA_PAYLOAD_OFFSET.rawValue),
            let count = fields.number(NFTA_PAYLOAD_LEN.rawValue),
            let register = fields.number(NFTA_PAYLOAD_DREG.rawValue)
        else { return nil }
        return .payload(base, offset: offset, count: count, into: register)
    }

    private static func tracking(_ fields: ExpressionFields) -> Self? {
        guard let key = fields.number(NFTA_CT_KEY.rawValue).flatMap(Tracking.init) else {
            return nil
        }
        if let register = fields.number(NFTA_CT_SREG.rawValue) {
            let isPlain = fields.say(only: NFTA_CT_KEY.rawValue, NFTA_CT_SREG.rawValue)
            return isPlain && key == .labels ? .setLabels(from: register) : nil
        }
        let known =
            [NFTA_CT_KEY, NFTA_CT_DREG] + (key.isOfOriginalTuple ? [NFTA_CT_DIRECTION] : [])
        guard fields.say(only: known.map(\.rawValue)),
            !key.isOfOriginalTuple || fields[NFTA_CT_DIRECTION.rawValue]?.payload.first == 0,
            let register = fields.number(NFTA_CT_DREG.rawValue)
        else { return nil }
        return .tracking(key, into: register)
    }

    private static func addressKind(_ fields: ExpressionFields) -> Self? {
        guard
            fields.say(
                only: NFTA_FIB_DREG.rawValue,
                NFTA_FIB_RESULT.rawValue,
                NFTA_FIB_FLAGS.rawValue
            ),
            fields.number(NFTA_FIB_RESULT.rawValue) == NFT_FIB_RESULT_ADDRTYPE.rawValue,
            let register = fields.number(NFTA_FIB_DREG.rawValue)
        else { return nil }
        switch fields.number(NFTA_FIB_FLAGS.rawValue) {
        case NFTA_FIB_F_DADDR.rawValue: return .destinationKind(into: register)
        case NFTA_FIB_F_SADDR.rawValue: return .sourceKind(into: register)
        default: return nil
        }
    }

    private static func mask(_ fields: ExpressionFields) -> Self? {
        guard
            fields.say(
                only: NFTA_BITWISE_SREG.rawValue,
                NFTA_BITWISE_DREG.rawValue,
                NFTA_BITWISE_LEN.rawValue,
                NFTA_BITWISE_MASK.rawValue,
                NFTA_BITWISE_XOR.rawValue
            ),
            let register = fields.number(NFTA_BITWISE_SREG.rawValue),
            register == fields.number(NFTA_BITWISE_DREG.rawValue),
            let mask = fields.value(NFTA_BITWISE_MASK.rawValue),
            fields.number(NFTA_BITWISE_LEN.rawValue) == UInt32(mask.count),
            fields.value(NFTA_BITWISE_XOR.rawValue)?.allSatisfy({ $0 == 0 }) == true
        else { return nil }
        return .mask(register, mask)
    }

    private static func comparison(_ fields: ExpressionFields) -> Self? {
        guard
            fields.say(
                only: NFTA_CMP_SREG.rawValue,
                NFTA_CMP_OP.rawValue,
                NFTA_CMP_DATA.rawValue
            ),
            let register = fields.number(NFTA_CMP_SREG.rawValue),
            let data = fields.value(NFTA_CMP_DATA.rawValue)
        else { return nil }
        switch fields.number(NFTA_CMP_OP.rawValue) {
        case NFT_CMP_EQ.rawValue: return .equal(register, data)
        case NFT_CMP_NEQ.rawValue: return .unequal(register, data)
        default: return nil
        }
    }

    private static func lookup(_ fields: ExpressionFields) -> Self? {
        guard
            fields.say(
                only: NFTA_LOOKUP_SET.rawValue,
                NFTA_LOOKUP_SREG.rawValue,
                NFTA_LOOKUP_SET_ID.rawValue
            ),
            let register = fields.number(NFTA_LOOKUP_SREG.rawValue),
            let set = fields.text(NFTA_LOOKUP_SET.rawValue)
        else { return nil }
        return .lookup(register, set: set)
    }

    private static func limit(_ fields: ExpressionFields) -> Self? {
        guard
            fields.say(
                only: NFTA_LIMIT_RATE.rawValue,
                NFTA_LIMIT_UNIT.rawValue,
                NFTA_LIMIT_BURST.rawValue
            ),
            fields.wide(NFTA_LIMIT_UNIT.rawValue) == 1,
            let rate = fields.wide(NFTA_LIMIT_RATE.rawValue),
            let burst = fields.number(NFTA_LIMIT_BURST.rawValue)
        else { return nil }
        return .limit(perSecond: rate, burst: burst)
    }

    private static func log(_ fields: ExpressionFields) -> Self? {
        guard fields.say(only: NFTA_LOG_GROUP.rawValue, NFTA_LOG_PREFIX.rawValue),
            let group = fields[NFTA_LOG_GROUP.rawValue]?.payload.network(UInt16.self),
            let prefix = fields.text(NFTA_LOG_PREFIX.rawValue)
        else { return nil }
        return .log(group: group, prefix: prefix)
    }

    private static func reset(_ fields: ExpressionFields) -> Self? {
        let isReset = fields.number(NFTA_REJECT_TYPE.rawValue) == NFT_REJECT_TCP_RST.rawValue
        return isReset && fields.say(only: NFTA_REJECT_TYPE.rawValue) ? .resetConnection : nil
    }

    private static func stripping(_ fields: ExpressionFields) -> Self? {
        guard fields.say(only: NFTA_EXTHDR_TYPE.rawValue, NFTA_EXTHDR_OP.rawValue),
            fields.number(NFTA_EXTHDR_OP.rawValue) == NFT_EXTHDR_OP_TCPOPT.rawValue,
            let option = fields[NFTA_EXTHDR_TYPE.rawValue]?.payload.first
        else { return nil }
        return .stripOption(option)
    }

    private static func counter(_ fields: ExpressionFields) -> Self? {
        .counter(
            Traffic(
                packets: fields.wide(NFTA_COUNTER_PACKETS.rawValue) ?? 0,
                bytes: fields.wide(NFTA_COUNTER_BYTES.rawValue) ?? 0
            )
        )
    }
}

extension Expression {
    fileprivate static func immediate(_ fields: ExpressionFields) -> Self? {
        guard fields.say(only: NFTA_IMMEDIATE_DREG.rawValue, NFTA_IMMEDIATE_DATA.rawValue),
            let register = fields.number(NFTA_IMMEDIATE_DREG.rawValue)
        else { return nil }
        if let value = fields.value(NFTA_IMMEDIATE_DATA.rawValue) { return .load(register, value) }
        guard register == NFT_REG_VERDICT.rawValue,
            let data = fields[NFTA_IMMEDIATE_DATA.rawValue]?.nested,
            let verdict = data.first(where: { $0.type == NFTA_DATA_VERDICT.rawValue })
        else { return nil }
        return Self.verdict(ExpressionFields(verdict.nested))
    }

    private static func verdict(_ fields: ExpressionFields) -> Self? {
        guard let code = fields.number(NFTA_VERDICT_CODE.rawValue) else { return nil }
        let chain = fields.text(NFTA_VERDICT_CHAIN.rawValue)
        switch (Int32(bitPattern: code), chain) {
        case (Int32(NF_ACCEPT), nil): return .verdict(.accept)
        case (Int32(NF_DROP), nil): return .verdict(.drop)
        case (NFT_JUMP.rawValue, let chain?): return .verdict(.jump(chain))
        case (NFT_GOTO.rawValue, let chain?): return .verdict(.goTo(chain))
        default: return nil
        }
    }
}

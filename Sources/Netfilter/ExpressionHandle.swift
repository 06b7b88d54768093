import CNetfilter
import Glibc

/// One `nftnl_expr`; freed unless a rule or a set took it.
@safe struct ExpressionHandle: ~Copyable {
    private let pointer: OpaquePointer

    init(_ name: String) {
        guard let pointer = unsafe nftnl_expr_alloc(name) else {
            preconditionFailure("out of memory, or libnftnl does not know \(name)")
        }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe nftnl_expr_free(pointer)
    }

    func set(_ attribute: Int, _ value: UInt32) {
        unsafe nftnl_expr_set_u32(pointer, UInt16(attribute), value)
    }

    func set(_ attribute: Int, wide value: UInt64) {
        unsafe nftnl_expr_set_u64(pointer, UInt16(attribute), value)
    }

    func set(_ attribute: Int, short value: UInt16) {
        unsafe nftnl_expr_set_u16(pointer, UInt16(attribute), value)
    }

    func set(_ attribute: Int, byte value: UInt8) {
        unsafe nftnl_expr_set_u8(pointer, UInt16(attribute), value)
    }

    func set(_ attribute: Int, _ text: String) {
        _ = unsafe nftnl_expr_set_str(pointer, UInt16(attribute), text)
    }

    func set(_ attribute: Int, _ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { buffer in
            unsafe nftnl_expr_set(
                pointer,
                UInt16(attribute),
                buffer.baseAddress,
                UInt32(buffer.count)
            )
        }
    }

    /// Gives the object to the caller, who frees it.
    consuming func release() -> OpaquePointer {
        let pointer = unsafe self.pointer
        discard self
        return unsafe pointer
    }
}

extension Expression {
    /// The libnftnl object that encodes this step.
    func handle() -> ExpressionHandle {
        switch self {
        case .meta(let key, let register):
            let handle = ExpressionHandle("meta")
            handle.set(NFTNL_EXPR_META_KEY, key.number)
            handle.set(NFTNL_EXPR_META_DREG, register)
            return handle
        case .payload(let header, let offset, let count, let register):
            let handle = ExpressionHandle("payload")
            handle.set(NFTNL_EXPR_PAYLOAD_BASE, header.number)
            handle.set(NFTNL_EXPR_PAYLOAD_OFFSET, offset)
            handle.set(NFTNL_EXPR_PAYLOAD_LEN, count)
            handle.set(NFTNL_EXPR_PAYLOAD_DREG, register)
            return handle
        case .tracking(let key, let register):
            let handle = ExpressionHandle("ct")
            handle.set(NFTNL_EXPR_CT_KEY, key.number)
            handle.set(NFTNL_EXPR_CT_DREG, register)
            if key.isOfOriginalTuple {
                // IP_CT_DIR_ORIGINAL
                handle.set(NFTNL_EXPR_CT_DIR, byte: 0)
            }
            return handle
        case .destinationKind(let register):
            return Self.addressKind(NFTA_FIB_F_DADDR.rawValue, register)
        case .sourceKind(let register):
            return Self.addressKind(NFTA_FIB_F_SADDR.rawValue, register)
        case .mask(let register, let mask): return Self.mask(register, mask)
        case .equal(let register, let bytes): return Self.compare(NFT_CMP_EQ, register, bytes)
        case .unequal(let register, let bytes): return Self.compare(NFT_CMP_NEQ, register, bytes)
        case .lookup(let register, let set):
            let handle = ExpressionHandle("lookup")
            handle.set(NFTNL_EXPR_LOOKUP_SREG, register)
            handle.set(NFTNL_EXPR_LOOKUP_SET, set)
            return handle
        default: return statementHandle()
        }
    }

    private func statementHandle() -> ExpressionHandle {
        switch self {
        case .limit(let rate, let burst):
            let handle = ExpressionHandle("limit")
            handle.set(NFTNL_EXPR_LIMIT_RATE, wide: rate)
            handle.set(NFTNL_EXPR_LIMIT_UNIT, wide: 1)
            handle.set(NFTNL_EXPR_LIMIT_BURST, burst)
            return handle
        case .log(let group, let prefix):
            let handle = ExpressionHandle("log")
            handle.set(NFTNL_EXPR_LOG_GROUP, short: group)
            handle.set(NFTNL_EXPR_LOG_PREFIX, prefix)
            return handle
        case .setLabels(let register):
            let handle = ExpressionHandle("ct")
            handle.set(NFTNL_EXPR_CT_KEY, Tracking.labels.number)
            handle.set(NFTNL_EXPR_CT_SREG, register)
            return handle
        case .load(let register, let bytes):
            let handle = ExpressionHandle("immediate")
            handle.set(NFTNL_EXPR_IMM_DREG, register)
            handle.set(NFTNL_EXPR_IMM_DATA, bytes)
            return handle
        case .verdict(let verdict): return Self.verdict(verdict)
        case .counter(let traffic): return Self.counter(traffic)
        case .untracked: return ExpressionHandle("notrack")
        case .resetConnection:
            let handle = ExpressionHandle("reject")
            handle.set(NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST.rawValue)
            return handle
        case .stripOption(let number):
            let handle = ExpressionHandle("exthdr")
            handle.set(NFTNL_EXPR_EXTHDR_TYPE, byte: number)
            handle.set(NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT.rawValue)
            return handle
        default: preconditionFailure("no statement")
        }
    }

    private static func addressKind(_ side: UInt32, _ register: UInt32) -> ExpressionHandle {
        let handle = ExpressionHandle("fib")
        handle.set(NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE.rawValue)
        handle.set(NFTNL_EXPR_FIB_FLAGS, side)
        handle.set(NFTNL_EXPR_FIB_DREG, register)
        return handle
    }

    static func counter(_ traffic: Traffic) -> ExpressionHandle {
        let handle = ExpressionHandle("counter")
        guard traffic != Traffic() else { return handle }
        handle.set(NFTNL_EXPR_CTR_PACKETS, wide: traffic.packets)
        handle.set(NFTNL_EXPR_CTR_BYTES, wide: traffic.bytes)
        return handle
    }

    private static func mask(_ register: UInt32, _ mask: [UInt8]) -> ExpressionHandle {
        let handle = ExpressionHandle("bitwise")
        handle.set(NFTNL_EXPR_BITWISE_SREG, register)
        handle.set(NFTNL_EXPR_BITWISE_DREG, register)
        handle.set(NFTNL_EXPR_BITWISE_LEN, UInt32(mask.count))
        handle.set(NFTNL_EXPR_BITWISE_MASK, mask)
        handle.set(NFTNL_EXPR_BITWISE_XOR, [UInt8](repeating: 0, count: mask.count))
        return handle
    }

    private static func compare(
        _ operation: nft_cmp_ops,
        _ register: UInt32,
        _ bytes: [UInt8]
    ) -> ExpressionHandle {
        let handle = ExpressionHandle("cmp")
        handle.set(NFTNL_EXPR_CMP_SREG, register)
        handle.set(NFTNL_EXPR_CMP_OP, operation.rawValue)
        handle.set(NFTNL_EXPR_CMP_DATA, bytes)
        return handle
    }

    private static func verdict(_ verdict: Verdict) -> ExpressionHandle {
        let handle = ExpressionHandle("immediate")
        handle.set(NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT.rawValue)
        switch verdict {
        case .accept: handle.set(NFTNL_EXPR_IMM_VERDICT, UInt32(NF_ACCEPT))
        case .drop: handle.set(NFTNL_EXPR_IMM_VERDICT, UInt32(NF_DROP))
        case .jump(let chain):
            handle.set(NFTNL_EXPR_IMM_VERDICT, UInt32(bitPattern: NFT_JUMP.rawValue))
            handle.set(NFTNL_EXPR_IMM_CHAIN, chain)
        case .goTo(let chain):
            handle.set(NFTNL_EXPR_IMM_VERDICT, UInt32(bitPattern: NFT_GOTO.rawValue))
            handle.set(NFTNL_EXPR_IMM_CHAIN, chain)
        }
        return handle
    }
}

import CNetfilter

/// One `nftnl_table`.
@safe struct TableHandle: ~Copyable {
    private let pointer: OpaquePointer

    init(_ name: String) {
        guard let pointer = unsafe nftnl_table_alloc() else { preconditionFailure("out of memory") }
        unsafe self.pointer = pointer
        unsafe nftnl_table_set_str(pointer, UInt16(NFTNL_TABLE_NAME.rawValue), name)
    }

    deinit {
        unsafe nftnl_table_free(pointer)
    }

    func set(_ attribute: nftnl_table_attr, _ value: UInt32) {
        unsafe nftnl_table_set_u32(pointer, UInt16(attribute.rawValue), value)
    }

    @unsafe func build(_ header: UnsafeMutablePointer<nlmsghdr>) {
        unsafe nftnl_table_nlmsg_build_payload(header, pointer)
    }
}

/// One `nftnl_chain`.
@safe struct ChainHandle: ~Copyable {
    private let pointer: OpaquePointer

    init(table: String, name: String, hook: Hook?) {
        guard let pointer = unsafe nftnl_chain_alloc() else { preconditionFailure("out of memory") }
        unsafe self.pointer = pointer
        unsafe nftnl_chain_set_str(pointer, UInt16(NFTNL_CHAIN_TABLE.rawValue), table)
        unsafe nftnl_chain_set_str(pointer, UInt16(NFTNL_CHAIN_NAME.rawValue), name)
        guard let hook else { return }
        unsafe nftnl_chain_set_str(pointer, UInt16(NFTNL_CHAIN_TYPE.rawValue), "filter")
        unsafe nftnl_chain_set_u32(
            pointer,
            UInt16(NFTNL_CHAIN_HOOKNUM.rawValue),
            hook.point.rawValue
        )
        unsafe nftnl_chain_set_s32(pointer, UInt16(NFTNL_CHAIN_PRIO.rawValue), hook.priority)
        unsafe nftnl_chain_set_u32(
            pointer,
            UInt16(NFTNL_CHAIN_POLICY.rawValue),
            UInt32(NF_ACCEPT)
        )
    }

    deinit {
        unsafe nftnl_chain_free(pointer)
    }

    @unsafe func build(_ header: UnsafeMutablePointer<nlmsghdr>) {
        unsafe nftnl_chain_nlmsg_build_payload(header, pointer)
    }
}

/// One `nftnl_rule`; it owns its expressions.
@safe struct RuleHandle: ~Copyable {
    private let pointer: OpaquePointer

    init(table: String, chain: String) {
        guard let pointer = unsafe nftnl_rule_alloc() else { preconditionFailure("out of memory") }
        unsafe self.pointer = pointer
        unsafe nftnl_rule_set_str(pointer, UInt16(NFTNL_RULE_TABLE.rawValue), table)
        unsafe nftnl_rule_set_str(pointer, UInt16(NFTNL_RULE_CHAIN.rawValue), chain)
    }

    deinit {
        unsafe nftnl_rule_free(pointer)
    }

    func append(_ expression: consuming ExpressionHandle) {
        unsafe nftnl_rule_add_expr(pointer, expression.release())
    }

    @unsafe func build(_ header: UnsafeMutablePointer<nlmsghdr>) {
        unsafe nftnl_rule_nlmsg_build_payload(header, pointer)
    }
}

import CNetfilter

/// One `nftnl_set`; it owns its elements and the expression they are made with.
@safe struct SetHandle: ~Copyable {
    private let pointer: OpaquePointer

    /// A set that is there, for what concerns its elements.
    init(table: String, name: String) {
        guard let pointer = unsafe nftnl_set_alloc() else { preconditionFailure("out of memory") }
        unsafe self.pointer = pointer
        unsafe nftnl_set_set_str(pointer, UInt16(NFTNL_SET_TABLE.rawValue), table)
        unsafe nftnl_set_set_str(pointer, UInt16(NFTNL_SET_NAME.rawValue), name)
    }

    /// A set to be made; `number` tells it from others of the same batch.
    init(table: String, definition: SetDefinition, number: UInt32) {
        self.init(table: table, name: definition.name)
        set(NFTNL_SET_FAMILY, UInt32(NFPROTO_INET))
        set(NFTNL_SET_ID, number)
        set(NFTNL_SET_KEY_TYPE, definition.keyType)
        set(NFTNL_SET_KEY_LEN, definition.keyLength)
        set(NFTNL_SET_FLAGS, definition.kind.flags)
        guard definition.kind == .counted else { return }
        unsafe nftnl_set_add_expr(pointer, ExpressionHandle("counter").release())
    }

    deinit {
        unsafe nftnl_set_free(pointer)
    }

    private func set(_ attribute: nftnl_set_attr, _ value: UInt32) {
        unsafe nftnl_set_set_u32(pointer, UInt16(attribute.rawValue), value)
    }

    func add(_ element: SetElement) {
        guard let handle = unsafe nftnl_set_elem_alloc() else {
            preconditionFailure("out of memory")
        }
        _ = unsafe element.key.withUnsafeBytes { key in
            unsafe nftnl_set_elem_set(
                handle,
                UInt16(NFTNL_SET_ELEM_KEY),
                key.baseAddress,
                UInt32(key.count)
            )
        }
        if element.endsInterval {
            unsafe nftnl_set_elem_set_u32(
                handle,
                UInt16(NFTNL_SET_ELEM_FLAGS),
                NFT_SET_ELEM_INTERVAL_END.rawValue
            )
        }
        if let timeout = element.timeout {
            unsafe nftnl_set_elem_set_u64(handle, UInt16(NFTNL_SET_ELEM_TIMEOUT), timeout)
        }
        if let traffic = element.traffic {
            unsafe nftnl_set_elem_add_expr(handle, Expression.counter(traffic).release())
        }
        unsafe nftnl_set_elem_add(pointer, handle)
    }

    @unsafe func build(_ header: UnsafeMutablePointer<nlmsghdr>) {
        unsafe nftnl_set_nlmsg_build_payload(header, pointer)
    }

    @unsafe func buildElements(_ header: UnsafeMutablePointer<nlmsghdr>) {
        unsafe nftnl_set_elems_nlmsg_build_payload(header, pointer)
    }
}

extension SetDefinition.Kind {
    /// The flags of `NFTA_SET_FLAGS`.
    var flags: UInt32 {
        switch self {
        case .constant: 0
        case .interval: NFT_SET_INTERVAL.rawValue
        case .timed, .counted: NFT_SET_TIMEOUT.rawValue
        }
    }

    /// The kind of a set with these flags, which counts or does not; `nil` for no kind of ours.
    init?(flags: UInt32, counts: Bool) {
        let kinds: [Self] = counts ? [.counted] : [.constant, .interval, .timed]
        guard let kind = kinds.first(where: { $0.flags == flags }) else { return nil }
        self = kind
    }
}

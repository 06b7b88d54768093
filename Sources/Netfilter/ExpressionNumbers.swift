import CNetfilter

/// The kernel's numbers for what expressions load (linux/netfilter/nf_tables.h).
extension Expression.Meta {
    var number: UInt32 {
        switch self {
        case .networkProtocol: NFT_META_NFPROTO.rawValue
        case .transportProtocol: NFT_META_L4PROTO.rawValue
        case .inputInterface: NFT_META_IIF.rawValue
        case .interfaceType: NFT_META_IFTYPE.rawValue
        case .outputInterfaceType: NFT_META_OIFTYPE.rawValue
        case .interfaceKind: NFT_META_IIFKIND.rawValue
        case .priority: NFT_META_PRIORITY.rawValue
        case .socketOwner: NFT_META_SKUID.rawValue
        }
    }

    init?(number: UInt32) {
        guard let known = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = known
    }
}

extension Expression.Header {
    var number: UInt32 {
        switch self {
        case .network: NFT_PAYLOAD_NETWORK_HEADER.rawValue
        case .transport: NFT_PAYLOAD_TRANSPORT_HEADER.rawValue
        }
    }

    init?(number: UInt32) {
        guard let known = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = known
    }
}

extension Expression.Tracking {
    var number: UInt32 {
        switch self {
        case .state: NFT_CT_STATE.rawValue
        case .status: NFT_CT_STATUS.rawValue
        case .labels: NFT_CT_LABELS.rawValue
        case .direction: NFT_CT_DIRECTION.rawValue
        case .originalDestinationPort: NFT_CT_PROTO_DST.rawValue
        }
    }

    init?(number: UInt32) {
        guard let known = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = known
    }

    /// True if it is read from the tuple of one direction: by us, of the original one.
    var isOfOriginalTuple: Bool { self == .originalDestinationPort }
}

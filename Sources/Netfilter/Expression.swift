/// The decision of a rule about a packet.
package enum Verdict: Hashable, Sendable {
    case accept
    case drop
    case jump(String)
    case goTo(String)
}

/// One step of a rule: what it loads into a register, compares or does.
///
/// Registers are those of the kernel: 1 to 4 have 16 bytes each, 8 to 23 are the same space in
/// words of 4 bytes. Numbers that are compared are in the order in which the kernel loads them.
package enum Expression: Hashable, Sendable {
    /// The properties of a packet beside its bytes (nft_meta).
    package enum Meta: Hashable, Sendable, CaseIterable {
        case networkProtocol
        case transportProtocol
        case inputInterface
        case interfaceType
        case outputInterfaceType
        /// The kind of the input interface, such as `vrf`: 16 bytes, padded with zeros.
        case interfaceKind
        /// The priority that a socket gave it (SO_PRIORITY).
        case priority
        /// The user that owns the packet's socket; the rule ends if the packet has none.
        case socketOwner
    }

    /// A part of the packet.
    package enum Header: Hashable, Sendable, CaseIterable {
        case network
        case transport
    }

    /// The properties that connection tracking knows (nft_ct).
    package enum Tracking: Hashable, Sendable, CaseIterable {
        case state
        case status
        /// 128 bits, 16 bytes of a register.
        case labels
        /// One byte (enum ip_conntrack_dir): 0 for packets of the end that began the connection.
        case direction
        /// The port that the first packet was sent to, whatever rewrote it since.
        case originalDestinationPort
    }

    case meta(Meta, into: UInt32)
    case payload(Header, offset: UInt32, count: UInt32, into: UInt32)
    case tracking(Tracking, into: UInt32)
    /// Sets the label bits of the connection that are set in a register; leaves all others alone.
    case setLabels(from: UInt32)
    case load(UInt32, [UInt8])
    /// The kind of the destination address (RTN_UNICAST, RTN_LOCAL, …).
    case destinationKind(into: UInt32)
    /// The kind of the source address.
    case sourceKind(into: UInt32)
    case mask(UInt32, [UInt8])
    case equal(UInt32, [UInt8])
    case unequal(UInt32, [UInt8])
    case lookup(UInt32, set: String)
    case limit(perSecond: UInt64, burst: UInt32)
    case log(group: UInt16, prefix: String)
    /// Counts on from the value that it is made with.
    case counter(Traffic)
    case verdict(Verdict)
    /// Sends the end that sent a TCP segment a reset, and drops the segment.
    case resetConnection
    /// Keeps connection tracking from the packet.
    case untracked
    /// Overwrites an option of a TCP segment, by its number, with ones that say nothing.
    case stripOption(UInt8)

    /// The same step without what it has counted so far.
    package var uncounted: Self {
        if case .counter = self { return .counter(Traffic()) }
        return self
    }
}

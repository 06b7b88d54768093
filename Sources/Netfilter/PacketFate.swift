/// A packet from anywhere that opens a connection to a port of this host.
package struct ProbePacket: Hashable, Sendable {
    /// 6 for TCP, 17 for UDP.
    package let transport: UInt8
    package let port: UInt16

    package init(transport: UInt8, port: UInt16) {
        self.transport = transport
        self.port = port
    }
}

/// What a base chain does with such a packet.
package struct PacketFate: Hashable, Sendable {
    package enum End: String, Hashable, Sendable {
        /// It gets through, from wherever it comes.
        case passes
        /// It gets through unless something is so that depends on the packet.
        case mayDrop
        /// It is dropped unless something is so that depends on the packet.
        case mayPass
        case drops
    }

    package var end = End.passes
    /// The chain whose rule drops it; `nil` if it is the policy of the base chain.
    package var dropper: String?
    /// The port it is rewritten to, if it may be: the same one where the rule names none.
    package var rewrittenTo: UInt16?
    /// The chain whose rule rewrites it.
    package var rewriter: String?
}

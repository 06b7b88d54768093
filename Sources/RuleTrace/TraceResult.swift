/// A packet from anywhere that opens a connection to a port of this host.
package struct ProbePacket: Hashable, Sendable {
    /// 6 for TCP, 17 for UDP.
    package let transport: UInt8
    package let port: UInt16
    /// The source; `nil` for any.
    package let source: ProbeSource?
    /// True if a rule that comes earlier may have given it another destination.
    var mayBeRewritten = false

    package init(transport: UInt8, port: UInt16, from source: ProbeSource? = nil) {
        self.transport = transport
        self.port = port
        self.source = source
    }
}

/// A network that packets come from.
package struct ProbeSource: Hashable, Sendable {
    /// 4 or 16 bytes in network order.
    package let address: [UInt8]
    /// The number of leading bits that are the same for all of them.
    package let length: Int

    package init(address: [UInt8], length: Int) {
        self.address = address
        self.length = length
    }

    /// Bytes of the IP header, as far as they are the source's and the same for all packets.
    func bytes(at offset: Int, _ count: Int) -> [UInt8]? {
        let start = offset - (address.count == 4 ? 12 : 8)
        guard start >= 0, count > 0, start + count <= address.count, (start + count) * 8 <= length
        else { return nil }
        return Array(address[start..<start + count])
    }
}

/// The effect of a base chain on such a packet.
package struct TraceResult: Hashable, Sendable {
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

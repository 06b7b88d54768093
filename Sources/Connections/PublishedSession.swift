import Grants
import Netlink

/// A TCP session to a port of this host that DNAT redirects to another host or container.
///
/// Its socket is on the other host and cannot be destroyed here. The gate resets both ends when
/// they next send, and a probe to each makes them send at once.
package struct PublishedSession: Hashable, Sendable {
    /// The far end.
    package let peer: Endpoint
    /// The destination that the far end addressed, such as a protected port of this host.
    package let asked: Endpoint
    /// The server behind DNAT; `peerAsSeen` is the far end as the server sees it.
    let server: Endpoint
    let peerAsSeen: Endpoint

    /// Makes a session of a connection; `nil` if it has no DNAT or is not TCP.
    init?(_ flow: TrackedFlow) {
        guard flow.isDestinationRewritten,
            flow.original.protocolNumber == Transport.tcp.protocolNumber
        else { return nil }
        peer = flow.original.source
        asked = flow.original.destination
        server = flow.reply.source
        peerAsSeen = flow.reply.destination
    }

    /// The probes to each end, with the address of the other.
    func probes(sequence: UInt32) -> [ProbeSegment] {
        [(server, peerAsSeen), (peer, asked)].flatMap { to, from in
            // Of two numbers half the sequence space apart, at most one is in the window.
            [sequence, sequence &+ 1 << 31].map { ProbeSegment(from: from, to: to, sequence: $0) }
        }
    }
}

/// An acknowledgement without data and outside the window.
///
/// An end of such a connection answers with an acknowledgement and changes nothing (RFC 9293,
/// section 3.10.7.4).
struct ProbeSegment {
    let from: Endpoint
    let to: Endpoint
    let sequence: UInt32

    /// The whole packet, with its IP header.
    var bytes: [UInt8] {
        let source = from.address.networkBytes
        let target = to.address.networkBytes
        var segment = from.port.networkBytes + to.port.networkBytes
        segment += sequence.networkBytes + (sequence &+ 1).networkBytes
        segment += [5 << 4, 0x10, 0, 0, 0, 0, 0, 0]  // 20 bytes, ACK, no window
        let pseudoHeader =
            source + target + UInt32(segment.count).networkBytes
            + [0, 0, 0, Transport.tcp.protocolNumber]
        let sum = Self.checksum(pseudoHeader + segment)
        segment.replaceSubrange(16..<18, with: sum.networkBytes)
        return header(UInt16(segment.count), source, target) + segment
    }

    private func header(_ length: UInt16, _ source: [UInt8], _ target: [UInt8]) -> [UInt8] {
        let hops: UInt8 = 64
        guard to.address.family == .ipv4 else {
            return [0x60, 0, 0, 0] + length.networkBytes + [Transport.tcp.protocolNumber, hops]
                + source + target
        }
        // The kernel fills in the identification and the checksum.
        return [0x45, 0] + (length + 20).networkBytes + [0, 0, 0x40, 0, hops]
            + [Transport.tcp.protocolNumber, 0, 0] + source + target
    }

    /// The checksum of RFC 1071 over an even number of bytes.
    static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum = stride(from: 0, to: bytes.count - 1, by: 2).reduce(UInt32(0)) { sum, index in
            sum + UInt32(bytes[index]) << 8 + UInt32(bytes[index + 1])
        }
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(sum)
    }
}

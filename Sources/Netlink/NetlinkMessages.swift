/// One netlink message (linux/netlink.h, struct nlmsghdr), parsed within the bounds of its
/// datagram.
package struct NetlinkMessage: Hashable, Sendable {
    package static let headerLength = 16

    package let type: UInt16
    package let flags: UInt16
    package let sequence: UInt32
    package let payload: [UInt8]
    /// Header and payload.
    package let bytes: [UInt8]

    /// Parses the messages of a datagram; stops at the first that does not fit.
    package static func all(in datagram: [UInt8]) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var start = 0
        while datagram.count - start >= headerLength {
            let length = Int(datagram.native32(at: start))
            guard length >= headerLength, length <= datagram.count - start else { break }
            messages.append(
                NetlinkMessage(
                    type: datagram.native16(at: start + 4),
                    flags: datagram.native16(at: start + 6),
                    sequence: datagram.native32(at: start + 8),
                    payload: Array(datagram[(start + headerLength)..<(start + length)]),
                    bytes: Array(datagram[start..<(start + length)])
                )
            )
            start += (length + 3) & ~3
        }
        return messages
    }
}

extension [UInt8] {
    /// A number in host byte order; missing bytes count as zero.
    package func native32(at offset: Int) -> UInt32 {
        var number: UInt32 = 0
        for index in 0..<4 {
            let byte = UInt32(offset + index < count ? self[offset + index] : 0)
            #if _endian(little)
                number |= byte << UInt32(8 * index)
            #else
                number = number << 8 | byte
            #endif
        }
        return number
    }

    package func native16(at offset: Int) -> UInt16 {
        #if _endian(little)
            return UInt16(truncatingIfNeeded: native32(at: offset))
        #else
            return UInt16(truncatingIfNeeded: native32(at: offset) >> 16)
        #endif
    }
}

/// One attribute of a message (linux/netlink.h, struct nlattr), parsed within bounds.
package struct NetlinkAttribute: Hashable, Sendable {
    private static let flags: UInt16 = 0xC000  // NLA_F_NESTED, NLA_F_NET_BYTEORDER

    /// The type without its flags.
    package let type: UInt32
    package let payload: ArraySlice<UInt8>

    /// Parses the attributes in `bytes`; stops at the first that does not fit.
    package static func all(in bytes: ArraySlice<UInt8>) -> [NetlinkAttribute] {
        var attributes: [NetlinkAttribute] = []
        var start = bytes.startIndex
        while bytes.endIndex - start >= 4 {
            let length = Int(native16(bytes, start))
            guard length >= 4, length <= bytes.endIndex - start else { break }
            attributes.append(
                NetlinkAttribute(
                    type: UInt32(native16(bytes, start + 2) & ~flags),
                    payload: bytes[(start + 4)..<(start + length)]
                )
            )
            start += min((length + 3) & ~3, bytes.endIndex - start)
        }
        return attributes
    }

    /// The attributes inside this one.
    package var nested: [NetlinkAttribute] { Self.all(in: payload) }

    private static func native16(_ bytes: ArraySlice<UInt8>, _ index: Int) -> UInt16 {
        #if _endian(little)
            return UInt16(bytes[index + 1]) << 8 | UInt16(bytes[index])
        #else
            return UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
        #endif
    }
}

extension NetlinkMessage {
    /// The attributes after a subsystem's header of `length` bytes.
    package func attributes(after length: Int) -> [NetlinkAttribute] {
        NetlinkAttribute.all(in: payload.dropFirst(length))
    }
}

extension Collection<UInt8> {
    /// A number in network order at the front; `nil` if bytes are missing.
    package func network<Number: FixedWidthInteger>(
        _ type: Number.Type,
        at offset: Int = 0
    ) -> Number? {
        // One loop over a word, since a generic one is called for each attribute of each element.
        let size = Number.bitWidth / 8
        guard offset >= 0, count - offset >= size, size <= 8 else { return nil }
        var word: UInt64 = 0
        for byte in dropFirst(offset).prefix(size) { word = word << 8 | UInt64(byte) }
        return Number(truncatingIfNeeded: word)
    }
}

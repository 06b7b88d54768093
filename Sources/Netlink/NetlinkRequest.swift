import CNetfilter

/// One message to the kernel: a netlink header, the subsystem's own header, attributes.
package struct NetlinkRequest: Hashable, Sendable {
    package let sequence: UInt32
    package private(set) var bytes: [UInt8] = []

    /// Begins a message.
    ///
    /// `flags` are added to NLM_F_REQUEST, which every request has; `header` precedes the
    /// attributes, such as an `nfgenmsg`, and is padded to whole words.
    package init(type: UInt16, flags: Int32, sequence: UInt32, header: [UInt8]) {
        self.sequence = sequence
        bytes += UInt32(0).nativeBytes
        bytes += type.nativeBytes
        bytes += UInt16(truncatingIfNeeded: NLM_F_REQUEST | flags).nativeBytes
        bytes += sequence.nativeBytes
        bytes += UInt32(0).nativeBytes  // the port id: the kernel knows it
        append(header)
    }

    /// Adds an attribute (struct nlattr).
    package mutating func put(_ type: UInt32, _ payload: [UInt8]) {
        append(Self.attribute(UInt16(truncatingIfNeeded: type), payload))
    }

    /// Adds an attribute that contains others.
    package mutating func put(_ type: UInt32, nested attributes: [(UInt32, [UInt8])]) {
        append(Self.nest(type, attributes))
    }

    /// Encodes an attribute that contains others.
    package static func nest(_ type: UInt32, _ attributes: [(UInt32, [UInt8])]) -> [UInt8] {
        let inside = attributes.flatMap { attribute(UInt16(truncatingIfNeeded: $0.0), $0.1) }
        return nest(type, encoded: inside)
    }

    /// Encodes an attribute that contains others, which are encoded already.
    package static func nest(_ type: UInt32, encoded inside: [UInt8]) -> [UInt8] {
        attribute(UInt16(truncatingIfNeeded: type) | UInt16(NLA_F_NESTED), inside)
    }

    /// Adds whole attributes that are encoded already.
    package mutating func append(_ encoded: [UInt8]) {
        bytes += encoded
        bytes += [UInt8](repeating: 0, count: -bytes.count & 3)
        bytes.replaceSubrange(0..<4, with: UInt32(bytes.count).nativeBytes)
    }

    private static func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        UInt16(truncatingIfNeeded: payload.count + 4).nativeBytes + type.nativeBytes + payload
            + [UInt8](repeating: 0, count: -payload.count & 3)
    }
}

extension FixedWidthInteger {
    /// The number in host byte order, as most of netlink uses it.
    package var nativeBytes: [UInt8] {
        #if _endian(little)
            return networkBytes.reversed()
        #else
            return networkBytes
        #endif
    }

    /// The number in network order, as netfilter uses it.
    package var networkBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: self >> Self($0))
        }
    }
}

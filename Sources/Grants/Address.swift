/// An IPv4 or IPv6 address as a number, with no zone and no port.
///
/// The parser is strict: IPv4 is four decimal octets without leading zeros, since some readers take
/// `010.0.0.1` for octal and others for decimal; IPv6 is RFC 4291 without a zone id. It refuses an
/// IPv4-mapped IPv6 address, since the kernel sees such a packet as IPv4.
package struct Address: Hashable, Sendable {
    package enum Family: UInt8, Hashable, Sendable, CaseIterable, Comparable {
        case ipv4 = 4
        case ipv6 = 6

        /// The bits of an address of this family.
        package var bitCount: Int { self == .ipv4 ? 32 : 128 }

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    package let family: Family
    /// The address as a number; an IPv4 address fills the low 32 bits.
    package let value: UInt128

    package init(family: Family, value: UInt128) {
        self.family = family
        self.value = family == .ipv4 ? value & 0xFFFF_FFFF : value
    }

    /// Reads 4 or 16 bytes in network order; `nil` for any other count.
    package init?(networkBytes: some Collection<UInt8>) {
        guard networkBytes.count == 4 || networkBytes.count == 16 else { return nil }
        self.init(
            family: networkBytes.count == 4 ? .ipv4 : .ipv6,
            value: networkBytes.reduce(0) { $0 << 8 | UInt128($1) }
        )
    }

    /// The address in network order: 4 or 16 bytes.
    package var networkBytes: [UInt8] {
        stride(from: family.bitCount - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: value >> UInt128($0))
        }
    }
}

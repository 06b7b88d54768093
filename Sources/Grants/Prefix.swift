/// A network in CIDR notation, with no host bits set: the *source* of a grant.
package struct Prefix: Hashable, Sendable {
    /// The lowest address of the network.
    package let address: Address
    /// The number of leading bits that are fixed: 0…32 or 0…128.
    package let length: Int

    /// Makes a network; `nil` if `length` does not fit the family or `address` has host bits set.
    package init?(address: Address, length: Int) {
        guard (0...address.family.bitCount).contains(length),
            address.value & ~Prefix.mask(length: length, family: address.family) == 0
        else { return nil }
        self.address = address
        self.length = length
    }

    /// Makes a network of an address whose host bits the caller has cleared.
    init(network: Address, length: Int) {
        self.address = network
        self.length = length
    }

    package var family: Address.Family { address.family }

    package func contains(_ other: Address) -> Bool {
        other.family == family
            && other.value & Prefix.mask(length: length, family: family) == address.value
    }

    package func contains(_ other: Prefix) -> Bool {
        other.length >= length && contains(other.address)
    }

    /// The network mask as a number in the low 32 or 128 bits.
    package static func mask(length: Int, family: Address.Family) -> UInt128 {
        let hostBits = family.bitCount - length
        let all: UInt128 = family == .ipv4 ? 0xFFFF_FFFF : .max
        return hostBits >= 128 ? 0 : (all >> UInt128(hostBits)) << UInt128(hostBits)
    }
}

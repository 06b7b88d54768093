package import Grants

extension Address {
    /// True if hosts elsewhere see another address: private (RFC 1918, RFC 4193), shared by a provider
    /// (RFC 6598), of one link, or of this machine.
    package var isPrivate: Bool { Self.privateNetworks.contains { $0.contains(self) } }

    private static let privateNetworks: [Prefix] = [
        ipv4(10, 0, 8), ipv4(172, 16, 12), ipv4(192, 168, 16), ipv4(100, 64, 10),
        ipv4(169, 254, 16), ipv4(127, 0, 8), ipv6(0xFC00, 7), ipv6(0xFE80, 10),
        Prefix(covering: Address(family: .ipv6, value: 1), length: 128),
    ]

    private static func ipv4(_ first: UInt128, _ second: UInt128, _ length: Int) -> Prefix {
        let address = Address(family: .ipv4, value: first << 24 | second << 16)
        return Prefix(covering: address, length: length)
    }

    private static func ipv6(_ first: UInt128, _ length: Int) -> Prefix {
        Prefix(covering: Address(family: .ipv6, value: first << 112), length: length)
    }
}

package import Grants

/// One end of a connection.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    package let address: Address
    package let port: UInt16

    package init(address: Address, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// The text `192.0.2.7:49152` or `[2001:db8::7]:49152`.
    package var description: String {
        address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}

extension Address {
    /// The address, with ::ffff:a.b.c.d, the form in sockets of both families, as IPv4.
    package var unmapped: Address {
        guard family == .ipv6, value >> 32 == 0xFFFF else { return self }
        return Address(family: .ipv4, value: value)
    }
}

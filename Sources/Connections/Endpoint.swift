package import Grants

/// One end of a connection.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    package let address: Address
    package let port: UInt16

    package init(address: Address, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// `192.0.2.7:49152` or `[2001:db8::7]:49152`.
    package var description: String {
        address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}

extension Address {
    /// An IPv4 address that came as ::ffff:a.b.c.d, as sockets of both families show it, is IPv4.
    package var unmapped: Address {
        guard family == .ipv6, value >> 32 == 0xFFFF else { return self }
        return Address(family: .ipv4, value: value)
    }
}

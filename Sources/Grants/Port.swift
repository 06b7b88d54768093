/// A transport protocol that a port can be protected on.
package enum Transport: String, Hashable, Sendable, CaseIterable, Comparable {
    case tcp
    case udp

    /// The protocol number in an IP header (IANA).
    package var protocolNumber: UInt8 { self == .tcp ? 6 : 17 }

    package static func < (left: Self, right: Self) -> Bool {
        left.protocolNumber < right.protocolNumber
    }
}

/// A port as policies and grants name it: `22/tcp`.
package struct Port: Hashable, Sendable, Comparable {
    /// The port number, 1…65535.
    package let number: UInt16
    package let transport: Transport

    /// Makes a port; `nil` for port 0, which no packet can be sent to.
    package init?(number: UInt16, transport: Transport) {
        guard number != 0 else { return nil }
        self.number = number
        self.transport = transport
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.number, left.transport.protocolNumber) < (
            right.number, right.transport.protocolNumber
        )
    }
}

extension Port: CustomStringConvertible {
    package var description: String { "\(number)/\(transport.rawValue)" }
}

import Glibc
import Grants

/// A hand-made TCP segment from any address.
package struct TestPacket: Sendable {
    /// The flags of netinet/tcp.h.
    package enum Flag {
        package static let synchronize: UInt8 = 0x02
        package static let reset: UInt8 = 0x04
        package static let acknowledge: UInt8 = 0x10
    }

    private let destination: String
    private let bytes: [UInt8]

    /// Makes a segment, after this many bytes of IPv6 destination options, a multiple of 8.
    ///
    /// - Throws: if an address is malformed.
    package init(
        from source: (address: String, port: UInt16),
        to destination: (address: String, port: UInt16),
        flags: UInt8,
        sequence: UInt32 = 1,
        acknowledging: UInt32 = 0,
        options: Int = 0
    ) throws {
        let from = try Address(parsing: source.address).networkBytes
        let to = try Address(parsing: destination.address).networkBytes
        var segment = Self.bytes(source.port) + Self.bytes(destination.port)
        segment += Self.bytes(sequence) + Self.bytes(acknowledging)
        segment += [0x50, flags, 0xFA, 0xF0, 0, 0, 0, 0]
        let pseudo = from + to + [0, 6] + Self.bytes(UInt16(segment.count))
        segment.replaceSubrange(16..<18, with: Self.bytes(Self.checksum(pseudo + segment)))
        self.destination = destination.address
        bytes =
            from.count == 4
            ? Self.ipv4(from, to, segment) : Self.ipv6(from, to, segment, options: options)
    }

    private static func ipv4(_ from: [UInt8], _ to: [UInt8], _ segment: [UInt8]) -> [UInt8] {
        let length = bytes(UInt16(20 + segment.count))
        return [0x45, 0] + length + [0, 0, 0x40, 0, 64, 6, 0, 0] + from + to + segment
    }

    /// Makes an IPv6 header (RFC 8200, sections 3 and 4.6), with an option that receivers skip.
    private static func ipv6(
        _ from: [UInt8],
        _ to: [UInt8],
        _ segment: [UInt8],
        options: Int
    ) -> [UInt8] {
        var (next, payload) = (UInt8(6), segment)
        for start in stride(from: 0, to: options, by: 2048) {
            let length = min(2048, options - start)
            // One option of 4 bytes, then Pad1.
            let rest = [0x1E, 2] + [UInt8](repeating: 0, count: length - 4)
            payload = [next, UInt8(length / 8 - 1)] + rest + payload
            next = 60
        }
        return [0x60, 0, 0, 0] + bytes(UInt16(payload.count)) + [next, 64] + from + to + payload
    }

    private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe Array($0) }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum = stride(from: 0, to: bytes.count, by: 2).reduce(UInt32(0)) {
            $0 + UInt32(bytes[$1]) << 8 + ($1 + 1 < bytes.count ? UInt32(bytes[$1 + 1]) : 0)
        }
        while sum > 0xFFFF { sum = sum >> 16 + sum & 0xFFFF }
        return ~UInt16(sum)
    }

    /// Sends it from `space`, by the route to its destination.
    package func send(in space: NetworkNamespace) throws {
        try space.run {
            let isIPv6 = destination.contains(":")
            let raw = socket(
                isIPv6 ? AF_INET6 : AF_INET,
                Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
                Int32(IPPROTO_RAW)
            )
            defer { close(raw) }
            let sent = isIPv6 ? sendIPv6(raw) : sendIPv4(raw)
            guard sent == bytes.count else { throw CommandFailure("sendto: errno \(errno)") }
        }
    }

    private func sendIPv4(_ raw: Int32) -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        unsafe inet_pton(AF_INET, destination, &address.sin_addr)
        return unsafe withUnsafePointer(to: address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(
                    raw,
                    bytes,
                    bytes.count,
                    0,
                    $0,
                    socklen_t(MemoryLayout<sockaddr_in>.size)
                )
            }
        }
    }

    private func sendIPv6(_ raw: Int32) -> Int {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        unsafe inet_pton(AF_INET6, destination, &address.sin6_addr)
        return unsafe withUnsafePointer(to: address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(
                    raw,
                    bytes,
                    bytes.count,
                    0,
                    $0,
                    socklen_t(MemoryLayout<sockaddr_in6>.size)
                )
            }
        }
    }
}

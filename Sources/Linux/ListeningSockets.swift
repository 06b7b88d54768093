import Glibc
package import SystemPackage

/// A socket of this host that accepts: a TCP listener, or a UDP socket without a peer.
package struct ListeningSocket: Hashable, Sendable {
    package enum Transport: String, Hashable, Sendable {
        case tcp
        case udp
    }

    package let transport: Transport
    /// The bound address, 4 or 16 bytes in network order.
    package let address: [UInt8]
    package let port: UInt16
    package let inode: UInt64

    /// True if only this host can reach it.
    package var isLoopback: Bool {
        switch address.count {
        case 4: address[0] == 127
        case 16 where address.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]):
            address[12] == 127
        default: address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
        }
    }

    /// Parses a line of /proc/net/tcp, tcp6, udp or udp6 (proc_pid_net(5)); `nil` if it is no
    /// listener.
    init?(line: Substring, transport: Transport) {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        let state = transport == .tcp ? "0A" : "07"
        guard fields.count > 9, fields[3] == state, let inode = UInt64(fields[9]) else {
            return nil
        }
        let parts = fields[1].split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1], radix: 16), port != 0,
            let address = Self.address(parts[0])
        else { return nil }
        self.transport = transport
        self.address = address
        self.port = port
        self.inode = inode
    }

    /// Parses 32-bit words in hex, printed in host byte order; the result is in network order.
    static func address(_ text: Substring) -> [UInt8]? {
        guard [8, 32].contains(text.utf8.count) else { return nil }
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            let memory = UInt32(bigEndian: word)
            bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: memory >> $0) }
            rest = rest.dropFirst(8)
        }
        return bytes
    }
}

extension ListeningSocket {
    /// The bytes read of a table, which may be long; the kernel lists listeners first.
    private static let limit = 4 << 20

    /// The sockets of this process's network namespace.
    package static func all() throws(Errno) -> [ListeningSocket] {
        var found: [ListeningSocket] = []
        for (name, transport) in [
            ("tcp", Transport.tcp), ("tcp6", .tcp), ("udp", .udp), ("udp6", .udp),
        ] {
            let text: String
            do throws(Errno) {
                text = try beginning(of: "/proc/net/\(name)")
            } catch .noSuchFileOrDirectory {
                continue  // a kernel without IPv6
            }
            found += text.split(separator: "\n").dropFirst().compactMap {
                ListeningSocket(line: $0, transport: transport)
            }
        }
        return found
    }

    static func beginning(of path: String) throws(Errno) -> String {
        let file = try OwnedDescriptor.opening { unsafe open(path, O_RDONLY | O_CLOEXEC) }
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let chunk = try file.readChunk(65_536)
            guard !chunk.isEmpty else { break }
            bytes += chunk
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

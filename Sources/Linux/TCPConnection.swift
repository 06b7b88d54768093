import Glibc
import SystemPackage

/// An established TCP connection of this network namespace, from proc_pid_net(5).
struct TCPConnection: Hashable {
    struct End: Hashable {
        /// The address: 4 or 16 bytes in network order.
        let address: [UInt8]
        let port: UInt16

        /// Parses `0100007F:0016`, with the address in host byte order.
        init?(_ text: Substring) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let port = UInt16(parts[1], radix: 16),
                let address = ListeningSocket.address(parts[0])
            else { return nil }
            let isMapped = address.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
            self.address = address.count == 16 && isMapped ? Array(address[12...]) : address
            self.port = port
        }

        /// The address as text.
        var host: String {
            var text = [CChar](repeating: 0, count: 64)
            let family = address.count == 4 ? AF_INET : AF_INET6
            let size = socklen_t(text.count)
            guard unsafe inet_ntop(family, address, &text, size) != nil else { return "" }
            return String(
                decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
                as: UTF8.self
            )
        }
    }

    let local: End
    let peer: End
    let inode: UInt64

    init?(line: Substring) {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count > 9, fields[3] == "01", let inode = UInt64(fields[9]),
            let local = End(fields[1]), let peer = End(fields[2])
        else { return nil }
        (self.local, self.peer, self.inode) = (local, peer, inode)
    }

    /// All connections; of very many only the first.
    static func all() -> [TCPConnection] {
        ["tcp", "tcp6"].flatMap { name in
            let text = (try? ListeningSocket.beginning(of: "/proc/net/\(name)")) ?? ""
            return text.split(separator: "\n").dropFirst().compactMap(Self.init)
        }
    }

    /// The form of sshd(8)'s SSH_CONNECTION: client, its port, server, its port.
    var text: String { "\(peer.host) \(peer.port) \(local.host) \(local.port)" }
}

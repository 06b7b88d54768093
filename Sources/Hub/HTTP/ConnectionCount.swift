import Grants
import NIOCore
import Synchronization

/// The connections of each address, so that none takes all.
final class ConnectionCount: Sendable {
    /// A connection that counts; that of a proxy on this machine has no address.
    struct Entry: Hashable, Sendable {
        let network: Prefix?
    }

    /// The most connections of an IPv4 address, or of a /64 of IPv6.
    let limit: Int
    private let counts = Mutex<[Prefix: Int]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    /// Counts a connection; `nil` if its address has too many.
    func enter(_ remote: SocketAddress?) -> Entry? {
        guard let text = remote?.ipAddress, let address = Peer.address(text),
            !address.isLoopback
        else { return Entry(network: nil) }
        let network = Prefix(covering: address, length: address.family == .ipv4 ? 32 : 64)
        let isFree = counts.withLock { counts in
            guard counts[network, default: 0] < limit else { return false }
            counts[network, default: 0] += 1
            return true
        }
        return isFree ? Entry(network: network) : nil
    }

    func leave(_ entry: Entry) {
        guard let network = entry.network else { return }
        counts.withLock { counts in
            let count = counts[network, default: 0] - 1
            counts[network] = count > 0 ? count : nil
        }
    }
}

extension Address {
    /// True for 127.0.0.0/8 and ::1.
    var isLoopback: Bool { family == .ipv4 ? value >> 24 == 127 : value == 1 }
}

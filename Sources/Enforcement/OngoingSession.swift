package import Grants
import Netfilter

/// A TCP session at a protected port that may continue though no new one is admitted.
///
/// It is identified by its ends alone, not by conntrack: conntrack may hold dead sessions, and it
/// can be flushed.
package struct OngoingSession: Hashable, Sendable {
    package let peer: Address
    package let peerPort: UInt16
    /// The port that it was sent to.
    package let port: Port

    /// Makes a session; `nil` except for TCP: nothing separates the datagrams of one session from
    /// those of the next.
    package init?(peer: Address, peerPort: UInt16, port: Port) {
        guard port.transport == .tcp else { return nil }
        self.peer = peer
        self.peerPort = peerPort
        self.port = port
    }

    /// The name of the set of its family.
    var set: String { SessionSet(family: peer.family).name }

    /// Its key in that set.
    var keyBytes: [UInt8] {
        peer.networkBytes
            + [peerPort, port.number].flatMap {
                [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0), 0, 0]
            }
    }

    /// Makes the session of a set's key; `nil` for a malformed key.
    init?(key: [UInt8]) {
        let tail = Array(key.suffix(8))
        guard tail.count == 8, let peer = Address(networkBytes: key.dropLast(8)),
            let port = Port(number: UInt16(tail[4]) << 8 | UInt16(tail[5]), transport: .tcp)
        else { return nil }
        self.init(peer: peer, peerPort: UInt16(tail[0]) << 8 | UInt16(tail[1]), port: port)
    }
}

/// The set of the ongoing sessions of one family, each with its remaining time.
struct SessionSet: Hashable {
    let family: Address.Family

    static let all = [Self(family: .ipv4), Self(family: .ipv6)]

    var name: String { family == .ipv4 ? "sessions_ipv4" : "sessions_ipv6" }

    var definition: SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.concatenated(
                KeyType.address(family),
                KeyType.service,
                KeyType.service
            ),
            keyLength: family == .ipv4 ? 12 : 24,
            kind: .timed
        )
    }

    /// Accepts their packets and nothing new: a segment that opens a connection is never looked up.
    func rule(_ fields: KeyFields) -> [Expression] {
        let words = SourceSet.wordsBehindAddress(family)
        return Test.continuesConnection + fields.peer(family) + [
            KeyFields.peerPort(into: words.0), fields.port(into: words.1),
            .lookup(1, set: name), .verdict(.accept),
        ]
    }
}

import Netfilter

/// The bits of a connection's label (128 of them) in which the gate keeps its state.
///
/// Other tools use the mark; labels are named by number in connlabel.conf(5), from 0 up.
package enum ConnectionLabel: Int, Hashable, Sendable, CaseIterable {
    /// A grant admitted its first packet, and its source is to be recorded.
    case arrived = 114
    /// It was logged that the peer completed such a connection.
    case completed = 115
    /// This host began it: the gate accepts its replies.
    case begunHere = 117

    /// The label with this bit alone, as the kernel stores it: an array of longs (linux/bitmap.h),
    /// which on a little-endian machine is an array of bytes.
    package var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isLittleEndian = UInt16(1).littleEndian == 1
        let place = isLittleEndian ? rawValue / 8 : (rawValue / 64) * 8 + 7 - (rawValue % 64) / 8
        bytes[place] = 1 << UInt8(rawValue % 8)
        return bytes
    }

    /// Matches packets of connections that have this bit and not the other one.
    func isOn(without other: Self) -> [Expression] {
        [
            .tracking(.labels, into: 1),
            .mask(1, zip(bytes, other.bytes).map { $0 | $1 }),
            .equal(1, bytes),
        ]
    }

    /// Sets the bit on the connection.
    var set: [Expression] { [.load(1, bytes), .setLabels(from: 1)] }

    /// Matches packets of connections that have this bit.
    var isSet: [Expression] {
        [
            .tracking(.labels, into: 1), .mask(1, bytes),
            .unequal(1, [UInt8](repeating: 0, count: 16)),
        ]
    }
}

/// The rules that accept replies to connections from this host.
///
/// The direction alone does not show who began: for a connection that conntrack picks up in its
/// midst, the end heard first counts as the origin.
enum Replies {
    /// Labels connections from this host to a protected port: by a SYN, or by a datagram to a peer
    /// that no opening has admitted recently.
    static func labels(_ recent: [RecentSet]) -> [[Expression]] {
        let begins = Test.isOriginal + ConnectionLabel.begunHere.set
        let passes: [Expression] = [.verdict(.accept)]
        let peers = recent.map(\.lookup) + TrustedSet.all().map { $0.lookup(.sent) }
        return [Test.opensConnection + begins] + peers.map { Test.udp + $0 + passes }
            + [Test.udp + begins]
    }

    /// Accepts replies, but no SYN among them, and packets from this host to itself in a VRF.
    static let rules: [[Expression]] = {
        let pass = ConnectionLabel.begunHere.isSet + [.verdict(.accept)]
        return [
            Test.continuesConnection + Test.isReply + pass, Test.udp + Test.isReply + pass,
            Test.isOriginal + pass,
        ]
    }()
}

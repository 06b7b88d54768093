import Netfilter

/// The bits of a connection's label (128 of them) that say what the gate knows of it.
///
/// Other tools use the mark; labels are named by number in connlabel.conf(5), from 0 up.
package enum ConnectionLabel: Int, Hashable, Sendable, CaseIterable {
    /// A grant let its first packet in, and who came is to be recorded.
    case arrived = 114
    /// It was logged that the peer of such a connection has completed it.
    case completed = 115
    /// This host began it: what comes back is no business of the gate.
    case begunHere = 117

    /// The label with this bit alone, as the kernel holds it: an array of longs, which of a
    /// little-endian machine is one of bytes (linux/bitmap.h).
    package var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isLittleEndian = UInt16(1).littleEndian == 1
        let place = isLittleEndian ? rawValue / 8 : (rawValue / 64) * 8 + 7 - (rawValue % 64) / 8
        bytes[place] = 1 << UInt8(rawValue % 8)
        return bytes
    }

    /// Goes on with packets of connections that have this and not the other one.
    func isOn(without other: Self) -> [Expression] {
        [
            .tracking(.labels, into: 1),
            .mask(1, zip(bytes, other.bytes).map { $0 | $1 }),
            .equal(1, bytes),
        ]
    }

    /// Says of the connection that it has this.
    var set: [Expression] { [.load(1, bytes), .setLabels(from: 1)] }

    /// Goes on with packets of connections that have this.
    var isSet: [Expression] {
        [
            .tracking(.labels, into: 1), .mask(1, bytes),
            .unequal(1, [UInt8](repeating: 0, count: 16)),
        ]
    }
}

/// The replies to what this host began, which pass by that.
///
/// Direction alone does not say who began: a connection that conntrack picks up in its midst has for
/// its origin the end that was heard first.
enum Replies {
    /// Labels what this host begins at a protected port: by a SYN, or by a datagram to a peer that no
    /// opening has let in lately.
    static func labels(_ recent: [RecentSet]) -> [[Expression]] {
        let begins = Test.isOriginal + ConnectionLabel.begunHere.set
        let passes: [Expression] = [.verdict(.accept)]
        let peers = recent.map(\.lookup) + TrustedSet.all().map { $0.lookup(.sent) }
        return [Test.opensConnection + begins] + peers.map { Test.udp + $0 + passes }
            + [Test.udp + begins]
    }

    /// Lets replies in, but no SYN among them; and what this host sends to itself in a VRF.
    static let rules: [[Expression]] = {
        let pass = ConnectionLabel.begunHere.isSet + [.verdict(.accept)]
        return [
            Test.continuesConnection + Test.isReply + pass, Test.udp + Test.isReply + pass,
            Test.isOriginal + pass,
        ]
    }()
}

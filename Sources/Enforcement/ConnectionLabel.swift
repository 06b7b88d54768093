import Netfilter

/// The bits of a connection's label (128 of them) that say what the gate knows of it.
///
/// Other tools use the mark; labels are named by number in connlabel.conf(5), from 0 up.
package enum ConnectionLabel: Int, Hashable, Sendable, CaseIterable {
    /// A grant let it in on a port that drains.
    case admitted = 118
    /// It was seen while nothing was denied.
    case existing = 119

    /// The label with this bit alone, as the kernel holds it: an array of longs, which of a
    /// little-endian machine is one of bytes (linux/bitmap.h).
    package var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isLittleEndian = UInt16(1).littleEndian == 1
        let place = isLittleEndian ? rawValue / 8 : (rawValue / 64) * 8 + 7 - (rawValue % 64) / 8
        bytes[place] = 1 << UInt8(rawValue % 8)
        return bytes
    }

    /// Says of the connection that it has this.
    var set: [Expression] { [.load(1, bytes), .setLabels(from: 1)] }

    /// Goes on with packets of established connections.
    static var isEstablished: [Expression] {
        [
            .tracking(.state, into: 1),
            .mask(1, GateShape.native(UInt32(1 << 1))),  // NF_CT_STATE_BIT(IP_CT_ESTABLISHED)
            .unequal(1, [0, 0, 0, 0]),
        ]
    }

    /// Goes on with packets of established connections that have this.
    var isOnEstablished: [Expression] {
        Self.isEstablished + [
            .tracking(.labels, into: 1),
            .mask(1, bytes),
            .unequal(1, [UInt8](repeating: 0, count: 16)),
        ]
    }
}

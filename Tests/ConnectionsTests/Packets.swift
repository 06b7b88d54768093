import Netlink

/// The bytes of packets and messages that the tests read.
enum Packets {
    static let ports: [UInt8] = [0xC0, 0x00, 0x00, 0x16]  // 49152 to 22

    /// An IPv4 packet from 192.0.2.7 to 192.0.2.1.
    static func ipv4(
        options: [UInt8] = [],
        fragment: UInt16 = 0,
        kind: UInt8 = 6,
        payload: [UInt8] = ports
    ) -> [UInt8] {
        let words = UInt8((20 + options.count) / 4)
        return [0x40 | words, 0, 0, 60, 0, 1] + fragment.networkBytes
            + [64, kind, 0, 0, 192, 0, 2, 7, 192, 0, 2, 1] + options + payload
    }

    /// An IPv6 packet from 2001:db8::7 to 2001:db8::1; `rest` begins with what `next` names.
    static func ipv6(next: UInt8 = 6, rest: [UInt8] = ports) -> [UInt8] {
        let network: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11)
        return [0x60, 0, 0, 0, 0, 40, next, 64] + network + [7] + network + [1] + rest
    }

    /// The message of NFLOG about a packet.
    static func logged(
        _ packet: [UInt8],
        prefix: String = "jitgate-used",
        number: UInt32 = 0
    ) -> NetlinkMessage? {
        var request = NetlinkRequest(type: 0x400, flags: 0, sequence: 0, header: [2, 0, 0, 22])
        request.put(10, Array(prefix.utf8) + [0])  // NFULA_PREFIX
        request.put(12, number.networkBytes)  // NFULA_SEQ
        request.put(9, packet)  // NFULA_PAYLOAD
        return NetlinkMessage.all(in: request.bytes).first
    }
}

@testable import Connections
@testable import Netfilter
import Netlink
@testable import RuleTrace

/// Netlink messages of the kernel, in part with content that strangers choose.
extension Target {
    /// The input as one message of some type; mutations of a length in the header find nothing.
    private static func message(_ bytes: [UInt8]) -> NetlinkMessage? {
        let length = UInt32(bytes.count + NetlinkMessage.headerLength)
        let header = (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(8 * $0)) }
        return NetlinkMessage.all(in: header + [UInt8](repeating: 0, count: 12) + bytes).first
    }

    static let packets = [
        Target(name: "netlink") { bytes in
            for message in NetlinkMessage.all(in: bytes) {
                for attribute in message.attributes(after: 4) { _ = attribute.nested }
            }
            var answers = Acknowledgements(last: 4)
            answers.take(bytes)
        },
        Target(name: "nftables") { bytes in
            guard let message = message(bytes) else { return }
            _ = TableState(reading: message, generation: 1)
            _ = ChainState(reading: message)
            _ = ChainState.rule(reading: message)
            _ = SetState(reading: message)
            _ = ElementState.all(reading: message)
            _ = BaseChain(reading: message)
        },
        Target(name: "foreign-rule") { bytes in
            var table = ForeignTable()
            let rules = bytes.split(separator: 0xFF, maxSplits: 8).map(Array.init)
            for rule in rules {
                table.chains["input", default: []].append(
                    NetlinkAttribute.all(in: rule[...]).map(ForeignExpression.init(reading:))
                )
            }
            for family: UInt8 in [2, 10] {
                let packet = ProbePacket(transport: 6, port: 22)
                _ = RuleTrace.result(
                    for: packet,
                    family: family,
                    in: "input",
                    dropsByDefault: false,
                    table
                )
            }
        },
        Target(name: "nflog") { bytes in
            guard let message = message(bytes), let packet = LoggedPacket(message) else { return }
            _ = packet.peer
            _ = packet.atPortLookedUp { _ in true }.port
            _ = LoggedPacket.number(of: message)
        },
        Target(name: "packet-headers") { bytes in _ = PacketHeaders(bytes[...]) },
        Target(name: "conntrack") { bytes in
            guard let message = message(bytes), let flow = TrackedFlow(message) else { return }
            _ = flow.deletion(sequence: 1)
            _ = PublishedSession(flow)
        },
        Target(name: "sock-diag") { bytes in
            guard let message = message(bytes) else { return }
            _ = ConnectedSocket(message)
        },
    ]
}

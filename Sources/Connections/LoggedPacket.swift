import CNetfilter
package import Grants
import Netlink

/// A packet that a rule logged (linux/netfilter/nfnetlink_log.h): who tried, or who came.
package struct LoggedPacket: Hashable, Sendable {
    /// What the rule puts before it: the rule's name, in effect.
    package let prefix: String
    package let source: Endpoint
    package let destination: Endpoint
    package let transport: Transport
}

extension LoggedPacket {
    /// Reads NFULNL_MSG_PACKET; `nil` if it does not tell who talked to whom.
    init?(_ message: NetlinkMessage) {
        var prefix: ArraySlice<UInt8> = []
        var packet: ArraySlice<UInt8> = []
        for attribute in message.attributes(after: MemoryLayout<nfgenmsg>.size) {
            switch attribute.type {
            case NFULA_PREFIX.rawValue: prefix = attribute.payload.prefix { $0 != 0 }
            case NFULA_PAYLOAD.rawValue: packet = attribute.payload
            default: continue
            }
        }
        guard let headers = PacketHeaders(packet) else { return nil }
        self.prefix = String(decoding: prefix, as: UTF8.self)
        source = headers.source
        destination = headers.destination
        transport = headers.transport
    }

    /// The number that the group gave it.
    static func number(of message: NetlinkMessage) -> UInt32? {
        message.attributes(after: MemoryLayout<nfgenmsg>.size)
            .first { $0.type == NFULA_SEQ.rawValue }?
            .payload.network(UInt32.self)
    }
}

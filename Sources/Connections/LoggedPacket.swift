import CNetfilter
package import Grants
import Netlink

/// A packet that a rule logged (linux/netfilter/nfnetlink_log.h): who tried, or who came.
package struct LoggedPacket: Hashable, Sendable {
    /// What the rule puts before it: the rule's name, in effect.
    package let prefix: String
    package let source: Endpoint
    package private(set) var destination: Endpoint
    package let transport: Transport
    /// The port that the connection came to, whatever rewrote it since, as conntrack has it.
    package let originalPort: UInt16?
}

extension LoggedPacket {
    /// The packet with the port that the gate looked up: the one that DNAT took it from, if that is
    /// protected, else the one it has.
    package func atPortLookedUp(_ isProtected: (Port) -> Bool) -> Self {
        guard let originalPort, let port = Port(number: originalPort, transport: transport),
            isProtected(port)
        else { return self }
        var packet = self
        packet.destination = Endpoint(address: destination.address, port: originalPort)
        return packet
    }

    /// Reads NFULNL_MSG_PACKET; `nil` if it does not tell who talked to whom.
    init?(_ message: NetlinkMessage) {
        var prefix: ArraySlice<UInt8> = []
        var packet: ArraySlice<UInt8> = []
        var original: FlowDirection?
        for attribute in message.attributes(after: MemoryLayout<nfgenmsg>.size) {
            switch attribute.type {
            case NFULA_PREFIX.rawValue: prefix = attribute.payload.prefix { $0 != 0 }
            case NFULA_PAYLOAD.rawValue: packet = attribute.payload
            case NFULA_CT.rawValue: original = Self.original(attribute)
            default: continue
            }
        }
        guard let headers = PacketHeaders(packet) else { return nil }
        self.prefix = String(decoding: prefix, as: UTF8.self)
        source = headers.source
        destination = headers.destination
        transport = headers.transport
        // A packet of the other direction, or an error about one, came to no port of ours.
        originalPort = original.flatMap { $0.source == headers.source ? $0.destination.port : nil }
    }

    private static func original(_ connection: NetlinkAttribute) -> FlowDirection? {
        connection.nested.first { $0.type == CTA_TUPLE_ORIG.rawValue }.flatMap(FlowDirection.init)
    }

    /// The number that the group gave it.
    static func number(of message: NetlinkMessage) -> UInt32? {
        message.attributes(after: MemoryLayout<nfgenmsg>.size)
            .first { $0.type == NFULA_SEQ.rawValue }?
            .payload.network(UInt32.self)
    }
}

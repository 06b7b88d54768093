import CNetfilter
package import Grants
import Netlink

/// A packet that a rule logged (linux/netfilter/nfnetlink_log.h), denied or let in.
package struct LoggedPacket: Hashable, Sendable {
    /// The prefix of the log statement: in effect, the name of the rule.
    package let prefix: String
    package let source: Address
    package let destination: Address
    /// The ports; `nil` if they lie beyond the bytes that the kernel copies, or in another
    /// fragment, and conntrack does not know them.
    package private(set) var ports: PacketPorts?
    /// The ports before this host rewrote them, according to conntrack.
    private var original: PacketPorts?
    /// The ports of this host's socket, if it has one.
    var local: PacketPorts? { delivered ?? ports }
    /// The ports in the packet itself, if `ports` differs.
    private var delivered: PacketPorts?

    /// The sender, `192.0.2.7:49152`; the address alone if the port could not be read.
    package var peer: String { sourceEndpoint?.description ?? source.description }

    package var sourceEndpoint: Endpoint? {
        ports.map { Endpoint(address: source, port: $0.source) }
    }

    /// The destination port; `nil` if it could not be read, and for port 0.
    package var port: Port? { ports?.port }

    /// The packet with the ports that the gate looked up: those before DNAT if they are protected,
    /// otherwise its own.
    package func atPortLookedUp(_ isProtected: (Port) -> Bool) -> Self {
        guard let original, original != ports, let port = original.port, isProtected(port) else {
            return self
        }
        var packet = self
        (packet.delivered, packet.ports) = (ports, original)
        return packet
    }

    package init(prefix: String, source: Address, destination: Address, ports: PacketPorts?) {
        self.prefix = prefix
        self.source = source
        self.destination = destination
        self.ports = ports
    }
}

extension LoggedPacket {
    /// Parses NFULNL_MSG_PACKET; `nil` if it does not even contain both addresses.
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
        // A packet of the reply direction, or an error about one, was not sent to our port.
        let tracked = original.flatMap { PacketPorts(of: $0, for: headers) }
        self.init(
            prefix: String(decoding: prefix, as: UTF8.self),
            source: headers.source,
            destination: headers.destination,
            ports: headers.ports ?? tracked
        )
        self.original = tracked
    }

    private static func original(_ connection: NetlinkAttribute) -> FlowDirection? {
        connection.nested.first { $0.type == CTA_TUPLE_ORIG.rawValue }.flatMap(FlowDirection.init)
    }

    /// The sequence number of the packet in its group.
    static func number(of message: NetlinkMessage) -> UInt32? {
        message.attributes(after: MemoryLayout<nfgenmsg>.size)
            .first { $0.type == NFULA_SEQ.rawValue }?
            .payload.network(UInt32.self)
    }
}

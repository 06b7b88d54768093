import CNetfilter
import Glibc
import Grants
import Netlink

/// One direction of a tracked connection: who sends, and to whom.
struct FlowDirection: Hashable {
    let source: Endpoint
    let destination: Endpoint
    let protocolNumber: UInt8

    /// Reads CTA_TUPLE_ORIG or CTA_TUPLE_REPLY; `nil` if it has no addresses or no ports.
    init?(_ tuple: NetlinkAttribute) {
        var addresses: [UInt32: Address] = [:]
        var ports: [UInt32: UInt16] = [:]
        var kind: UInt8?
        for part in tuple.nested {
            for item in part.nested where part.type == CTA_TUPLE_IP.rawValue {
                addresses[item.type] = Address(networkBytes: item.payload)
            }
            for item in part.nested where part.type == CTA_TUPLE_PROTO.rawValue {
                ports[item.type] = item.payload.network(UInt16.self)
                if item.type == CTA_PROTO_NUM.rawValue { kind = item.payload.first }
            }
        }
        guard
            let from = addresses[CTA_IP_V4_SRC.rawValue] ?? addresses[CTA_IP_V6_SRC.rawValue],
            let to = addresses[CTA_IP_V4_DST.rawValue] ?? addresses[CTA_IP_V6_DST.rawValue],
            let fromPort = ports[CTA_PROTO_SRC_PORT.rawValue],
            let toPort = ports[CTA_PROTO_DST_PORT.rawValue],
            let kind
        else { return nil }
        protocolNumber = kind
        source = Endpoint(address: from, port: fromPort)
        destination = Endpoint(address: to, port: toPort)
    }
}

/// A connection as conntrack has it (linux/netfilter/nfnetlink_conntrack.h).
struct TrackedFlow: Hashable {
    /// What its first packet said.
    let original: FlowDirection
    /// What an answer says: turned around, and with what was rewritten on the way.
    let reply: FlowDirection
    let isDestinationRewritten: Bool
    /// The bits of `enum ip_conntrack_status`.
    private let status: UInt32
    /// The attributes that name it to the kernel, as they came.
    private let name: [UInt8]

    /// `nil` for what does not say who talks to whom.
    init?(_ message: NetlinkMessage) {
        let attributes = Dictionary(
            message.attributes(after: MemoryLayout<nfgenmsg>.size).map { ($0.type, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        guard
            let tuple = attributes[CTA_TUPLE_ORIG.rawValue],
            let original = FlowDirection(tuple),
            let reply = attributes[CTA_TUPLE_REPLY.rawValue].flatMap(FlowDirection.init)
        else { return nil }
        self.original = original
        self.reply = reply
        status = attributes[CTA_STATUS.rawValue]?.payload.network(UInt32.self) ?? 0
        isDestinationRewritten = status & IPS_DST_NAT.rawValue != 0
        var request = NetlinkRequest(type: 0, flags: 0, sequence: 0, header: [])
        for key in [CTA_TUPLE_ORIG, CTA_ID, CTA_ZONE] {
            guard let attribute = attributes[key.rawValue] else { continue }
            request.put(key.rawValue, Array(attribute.payload))
        }
        name = Array(request.bytes.dropFirst(NetlinkMessage.headerLength))
    }

    /// Whether both directions say the same: nothing was rewritten.
    var isPlain: Bool {
        original.source == reply.destination && original.destination == reply.source
    }

    /// Whether both ends have taken part in it, which nobody can do in another's name.
    var isAssured: Bool { status & IPS_ASSURED.rawValue != 0 }

    /// Whether no packet prolongs it: it was told when to end.
    var isEnding: Bool { status & IPS_FIXED_TIMEOUT.rawValue != 0 }

    /// Has it end after so many seconds, whatever comes until then.
    func ending(after seconds: UInt32, sequence: UInt32) -> NetlinkRequest {
        let family = original.source.address.family
        var request = Self.message(IPCTNL_MSG_CT_NEW, NLM_F_ACK, family, sequence)
        request.append(name)
        request.put(CTA_TIMEOUT.rawValue, seconds.networkBytes)
        request.put(CTA_STATUS.rawValue, (status | IPS_FIXED_TIMEOUT.rawValue).networkBytes)
        return request
    }

    /// Asks for its end, by its name: a request that names none ends all there are.
    func deletion(sequence: UInt32) -> NetlinkRequest {
        let family = original.source.address.family
        var request = Self.message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family, sequence)
        request.append(name)
        return request
    }

    /// Asks how many connections there are; the answer has CTA_STATS_GLOBAL_ENTRIES.
    static func count(sequence: UInt32) -> NetlinkRequest {
        message(IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK, nil, sequence)
    }

    /// Asks for those of a family, without those that one end alone took part in if it is TCP's:
    /// half-open ones are no sessions, and there may be very many.
    ///
    /// Kernels before 5.17 answer with these as well.
    static func dump(
        family: Address.Family,
        _ transport: Transport,
        sequence: UInt32
    ) -> NetlinkRequest {
        var request = message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, family, sequence)
        guard transport == .tcp else { return request }
        for key in [CTA_STATUS, CTA_STATUS_MASK] {
            request.put(key.rawValue, IPS_ASSURED.rawValue.networkBytes)
        }
        return request
    }

    static func message(
        _ kind: cntl_msg_types,
        _ flags: Int32,
        _ family: Address.Family?,
        _ sequence: UInt32
    ) -> NetlinkRequest {
        let number = family.map { $0 == .ipv4 ? AF_INET : AF_INET6 } ?? AF_UNSPEC
        return NetlinkRequest(
            type: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(kind.rawValue),
            flags: flags,
            sequence: sequence,
            header: [UInt8(number), UInt8(NFNETLINK_V0), 0, 0]
        )
    }
}

/// Which end of a connection has the protected port.
enum PortPlace {
    /// The first packet was sent to it.
    case asked
    /// An answer comes from it: it was rewritten to, or nothing was.
    case answering

    /// Asks for the connections of one port; kernels before 5.8 answer with all there are.
    func dump(of port: Port, family: Address.Family, sequence: UInt32) -> NetlinkRequest {
        let (tuple, number, flags, bits) =
            switch self {
            case .asked:
                (CTA_TUPLE_ORIG, CTA_PROTO_DST_PORT, CTA_FILTER_ORIG_FLAGS, UInt32(1 << 3 | 1 << 5))
            case .answering:
                (
                    CTA_TUPLE_REPLY, CTA_PROTO_SRC_PORT, CTA_FILTER_REPLY_FLAGS,
                    UInt32(1 << 3 | 1 << 4)
                )
            }
        var request = TrackedFlow.dump(family: family, port.transport, sequence: sequence)
        let protocolPart = NetlinkRequest.nest(
            CTA_TUPLE_PROTO.rawValue,
            [
                (CTA_PROTO_NUM.rawValue, [port.transport.protocolNumber]),
                (number.rawValue, port.number.networkBytes),
            ]
        )
        request.append(NetlinkRequest.nest(tuple.rawValue, encoded: protocolPart))
        // The bits are CTA_FILTER_F_CTA_PROTO_NUM, …_SRC_PORT and …_DST_PORT of the kernel's
        // nf_internals.h, which no header for programs has.
        request.put(CTA_FILTER.rawValue, nested: [(flags.rawValue, bits.nativeBytes)])
        return request
    }
}

import CNetfilter
import Glibc
import Grants
import Netlink

/// One direction of a tracked connection: its source and its destination.
struct FlowDirection: Hashable {
    let source: Endpoint
    let destination: Endpoint
    let protocolNumber: UInt8

    /// Parses CTA_TUPLE_ORIG or CTA_TUPLE_REPLY; `nil` if it has no addresses or no ports.
    init?(_ tuple: NetlinkAttribute) {
        // One pass without dictionaries, since there may be thousands of flows.
        var (from, to): (Address?, Address?)
        var (fromPort, toPort): (UInt16?, UInt16?)
        var kind: UInt8?
        for part in tuple.nested {
            let isOfAddresses = part.type == CTA_TUPLE_IP.rawValue
            guard isOfAddresses || part.type == CTA_TUPLE_PROTO.rawValue else { continue }
            for item in part.nested {
                switch (isOfAddresses, item.type) {
                case (true, CTA_IP_V4_SRC.rawValue), (true, CTA_IP_V6_SRC.rawValue):
                    from = Address(networkBytes: item.payload)
                case (true, CTA_IP_V4_DST.rawValue), (true, CTA_IP_V6_DST.rawValue):
                    to = Address(networkBytes: item.payload)
                case (false, CTA_PROTO_SRC_PORT.rawValue):
                    fromPort = item.payload.network(UInt16.self)
                case (false, CTA_PROTO_DST_PORT.rawValue):
                    toPort = item.payload.network(UInt16.self)
                case (false, CTA_PROTO_NUM.rawValue): kind = item.payload.first
                default: continue
                }
            }
        }
        guard let from, let to, let fromPort, let toPort, let kind else { return nil }
        protocolNumber = kind
        source = Endpoint(address: from, port: fromPort)
        destination = Endpoint(address: to, port: toPort)
    }
}

/// A connection in conntrack (linux/netfilter/nfnetlink_conntrack.h).
struct TrackedFlow: Hashable {
    /// The direction of its first packet.
    let original: FlowDirection
    /// The direction of the replies: reversed, and rewritten by NAT.
    let reply: FlowDirection
    let isDestinationRewritten: Bool
    /// The bits of `enum ip_conntrack_status`.
    private let status: UInt32
    /// The attributes that identify it to the kernel, unchanged.
    private let name: [UInt8]

    static func == (left: Self, right: Self) -> Bool { left.name == right.name }

    func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// Parses an entry; `nil` if it lacks addresses or ports.
    init?(_ message: NetlinkMessage) {
        let attributes = message.attributes(after: MemoryLayout<nfgenmsg>.size)
        let first = { (type: ctattr_type) in attributes.first { $0.type == type.rawValue } }
        guard let original = first(CTA_TUPLE_ORIG).flatMap(FlowDirection.init),
            let reply = first(CTA_TUPLE_REPLY).flatMap(FlowDirection.init)
        else { return nil }
        self.original = original
        self.reply = reply
        status = first(CTA_STATUS)?.payload.network(UInt32.self) ?? 0
        isDestinationRewritten = status & IPS_DST_NAT.rawValue != 0
        var request = NetlinkRequest(type: 0, flags: 0, sequence: 0, header: [])
        for key in [CTA_TUPLE_ORIG, CTA_ID, CTA_ZONE] {
            guard let attribute = first(key) else { continue }
            request.put(key.rawValue, Array(attribute.payload))
        }
        name = Array(request.bytes.dropFirst(NetlinkMessage.headerLength))
    }

    /// True if both directions agree: NAT rewrote nothing.
    var isPlain: Bool {
        original.source == reply.destination && original.destination == reply.source
    }

    /// True if both ends have taken part, which nobody can fake with another's address.
    var isAssured: Bool { status & IPS_ASSURED.rawValue != 0 }

    /// True if its timeout is fixed: packets do not prolong it.
    var isEnding: Bool { status & IPS_FIXED_TIMEOUT.rawValue != 0 }

    /// Requests a timeout after `seconds` that packets do not prolong.
    func ending(after seconds: UInt32, sequence: UInt32) -> NetlinkRequest {
        let family = original.source.address.family
        var request = Self.message(IPCTNL_MSG_CT_NEW, NLM_F_ACK, family, sequence)
        request.append(name)
        request.put(CTA_TIMEOUT.rawValue, seconds.networkBytes)
        request.put(CTA_STATUS.rawValue, (status | IPS_FIXED_TIMEOUT.rawValue).networkBytes)
        return request
    }

    /// Requests its deletion by its identity: a request without one deletes all entries.
    func deletion(sequence: UInt32) -> NetlinkRequest {
        let family = original.source.address.family
        var request = Self.message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family, sequence)
        request.append(name)
        return request
    }

    /// Requests the number of connections; the reply has CTA_STATS_GLOBAL_ENTRIES.
    static func count(sequence: UInt32) -> NetlinkRequest {
        message(IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK, nil, sequence)
    }

    /// Requests the connections of a family, or of both, for TCP without those that only one end took part in:
    /// half-open ones are no sessions, and there may be very many.
    ///
    /// Kernels before 5.17 include them in the reply.
    static func dump(
        family: Address.Family?,
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

/// The end of a connection that has the protected port.
enum PortPlace {
    /// The destination of the first packet.
    case asked
    /// The source of the replies: the port after DNAT, or the same port without it.
    case answering

    /// Requests the connections of one port; kernels before 5.8 reply with all connections.
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
        // nf_internals.h; no UAPI header defines them.
        request.put(CTA_FILTER.rawValue, nested: [(flags.rawValue, bits.nativeBytes)])
        return request
    }
}

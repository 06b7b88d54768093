import CNetfilter
import Glibc
import Grants
import Netlink

/// A connected socket of this host, as sock_diag(7) tells of it.
struct ConnectedSocket: Hashable {
    /// The far end.
    let peer: Endpoint
    /// The local port.
    let port: UInt16
    /// Numbers of sockets rise as they are accepted, more or less; 0 for one that was not yet.
    let inode: UInt32
    /// AF_INET or AF_INET6: which of the kernel's tables it is in.
    let family: UInt8
    /// Its `inet_diag_sockid`, cookie included: no later socket has the same.
    let identity: [UInt8]
    /// Whether its handshake was completed, at some time.
    let isCompleted: Bool

    /// `nil` for what is not a whole `inet_diag_msg`.
    init?(_ message: NetlinkMessage) {
        guard message.payload.count >= MemoryLayout<inet_diag_msg>.size else { return nil }
        let found = unsafe message.payload.withUnsafeBytes { bytes in
            unsafe bytes.loadUnaligned(as: inet_diag_msg.self)
        }
        let far = unsafe Swift.withUnsafeBytes(of: found.id.idiag_dst) { unsafe Array($0) }
        let isIPv6 = Int32(found.idiag_family) == AF_INET6
        guard let address = Address(networkBytes: far.prefix(isIPv6 ? 16 : 4)) else { return nil }
        peer = Endpoint(
            address: address.unmapped,
            port: UInt16(bigEndian: found.id.idiag_dport)
        )
        port = UInt16(bigEndian: found.id.idiag_sport)
        inode = found.idiag_inode
        family = found.idiag_family
        // linux/net/tcp_states.h: TCP_NEW_SYN_RECV is not in netinet/tcp.h
        let beginning = [UInt8(TCP_SYN_SENT), UInt8(TCP_SYN_RECV), 12, UInt8(TCP_LISTEN)]
        isCompleted = !beginning.contains(found.idiag_state)
        identity = unsafe Swift.withUnsafeBytes(of: found.id) { unsafe Array($0) }
    }

    /// Which of the sockets of a port are meant.
    enum Kind {
        /// All but those that listen, or whose connection is over: these hold no session.
        case connected
        /// These, and those whose connection was there until a moment ago.
        case lately
        /// Those whose handshake is done and that nobody has begun to close.
        case established

        fileprivate func states(_ transport: Transport) -> UInt32 {
            // A connected UDP socket counts as established.
            guard self != .established, transport == .tcp else {
                return 1 << UInt32(TCP_ESTABLISHED)
            }
            let idle = [TCP_LISTEN, TCP_CLOSE] + (self == .lately ? [] : [TCP_TIME_WAIT])
            return ~idle.reduce(0) { $0 | 1 << UInt32($1) }
        }
    }

    /// Asks for the sockets that are connected to a local port.
    static func dump(
        of port: Port,
        _ kind: Kind = .connected,
        family: Int32,
        sequence: UInt32
    ) -> NetlinkRequest {
        var request = inet_diag_req_v2()
        request.sdiag_family = UInt8(family)
        request.sdiag_protocol = port.transport.protocolNumber
        request.idiag_states = kind.states(port.transport)
        request.id.idiag_sport = port.number.bigEndian
        return message(SOCK_DIAG_BY_FAMILY, flags: NLM_F_DUMP, sequence, request)
    }

    /// Asks for the socket's end: what is connected to it gets a reset.
    func destruction(_ transport: Transport, sequence: UInt32) -> NetlinkRequest {
        var request = inet_diag_req_v2()
        request.sdiag_family = family
        request.sdiag_protocol = transport.protocolNumber
        request.idiag_states = .max
        unsafe withUnsafeMutableBytes(of: &request.id) { unsafe $0.copyBytes(from: identity) }
        return Self.message(SOCK_DESTROY, flags: NLM_F_ACK, sequence, request)
    }

    static func message(
        _ type: Int32,
        flags: Int32,
        _ sequence: UInt32,
        _ request: inet_diag_req_v2
    ) -> NetlinkRequest {
        NetlinkRequest(
            type: UInt16(type),
            flags: flags,
            sequence: sequence,
            header: unsafe Swift.withUnsafeBytes(of: request) { unsafe Array($0) }
        )
    }
}

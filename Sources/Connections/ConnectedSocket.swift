import CNetfilter
import Glibc
import Grants
import Netlink

/// A connected socket of this host, from sock_diag(7).
struct ConnectedSocket: Hashable {
    /// The far end.
    let peer: Endpoint
    /// The local port.
    let port: UInt16
    /// The inode, which rises roughly in the order of accept(2); 0 before that.
    let inode: UInt32
    /// AF_INET or AF_INET6: the kernel's table that lists the socket.
    let family: UInt8
    /// The `inet_diag_sockid`, cookie included, which no later socket shares.
    let identity: [UInt8]
    /// True if the handshake was ever completed.
    let isCompleted: Bool

    /// Parses an `inet_diag_msg`; `nil` if it is not whole.
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

    /// The states of the sockets that a dump reports.
    enum Kind {
        /// All sockets but listeners and those of closed connections, which carry no session.
        case connected
        /// The connected sockets and those in TIME_WAIT, whose connection closed a moment ago.
        case lately
        /// Sockets with a completed handshake that neither end has begun to close.
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

    /// Requests the sockets that are connected to a local port.
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

    /// Requests the destruction of the socket: its peer gets a reset.
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

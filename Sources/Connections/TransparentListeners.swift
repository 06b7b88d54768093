import CNetfilter
import Glibc
package import Grants
import Netlink
package import SystemPackage

/// Listeners that accept packets for foreign addresses and ports (IP_TRANSPARENT).
package enum TransparentListeners {
    private static let socketOptions: UInt32 = 22  // INET_DIAG_SOCKOPT, Linux 5.10
    /// The sixth bit of the first byte of struct inet_diag_sockopt.
    private static let isTransparent: UInt8 = UInt16(1).littleEndian == 1 ? 0x20 : 0x04

    /// The ports among these that have such a listener; kernels before 5.10 report none.
    package static func among(_ ports: [Port]) throws(Errno) -> [Port] {
        let socket = try NetlinkSocket.socketDiagnosis()
        var found: Set<Port> = []
        var sequence: UInt32 = 0
        for port in ports {
            for family in [AF_INET, AF_INET6] {
                sequence += 1
                try socket.ask(request(port, family, sequence)) { message in
                    if isTransparent(message) { found.insert(port) }
                }
            }
        }
        return found.sorted()
    }

    private static func isTransparent(_ message: NetlinkMessage) -> Bool {
        let options = message.attributes(after: MemoryLayout<inet_diag_msg>.size)
            .first { $0.type == socketOptions }
        return (options?.payload.first ?? 0) & isTransparent != 0
    }

    private static func request(
        _ port: Port,
        _ family: Int32,
        _ sequence: UInt32
    ) -> NetlinkRequest {
        var request = inet_diag_req_v2()
        request.sdiag_family = UInt8(family)
        request.sdiag_protocol = port.transport.protocolNumber
        // An unconnected UDP socket counts as closed.
        request.idiag_states = 1 << UInt32(port.transport == .tcp ? TCP_LISTEN : TCP_CLOSE)
        request.id.idiag_sport = port.number.bigEndian
        return ConnectedSocket.message(SOCK_DIAG_BY_FAMILY, flags: NLM_F_DUMP, sequence, request)
    }
}

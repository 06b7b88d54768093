import CNetfilter
import Glibc
package import Grants
import Netlink
package import SystemPackage

/// Reports the TCP sockets of some ports that have closed, in the network namespace of the thread
/// that made it.
///
/// The kernel filters out the sockets of all other ports, so that these wake nobody
/// (SKNLGRP_INET_TCP_DESTROY of sock_diag(7)).
package struct EndedSockets: ~Copyable {
    /// The datagrams read at once: closing sessions must not delay the agent's deadlines.
    private static let atOnce = 256

    private let socket: NetlinkSocket
    package let ports: Set<Port>

    /// - Throws: the errno of the subscription.
    package init(of ports: Set<Port>) throws(Errno) {
        socket = try NetlinkSocket.endedSockets(of: ports.map(\.number))
        self.ports = ports
    }

    /// The descriptor, readable while there is something to drain.
    package var fileDescriptor: Int32 { socket.fileDescriptor }

    /// The far ends and ports of the sockets that closed since the last call.
    ///
    /// - Throws: `noBufferSpace` if the kernel dropped some.
    package mutating func drain() throws(Errno) -> [(peer: Endpoint, port: Port)] {
        var ended: [(peer: Endpoint, port: Port)] = []
        for _ in 0..<Self.atOnce {
            guard let datagram = try socket.receive() else { break }
            for message in NetlinkMessage.all(in: datagram) {
                // A listener has no far end.
                guard let socket = ConnectedSocket(message), socket.peer.port != 0,
                    let port = Port(number: socket.port, transport: .tcp)
                else { continue }
                ended.append((socket.peer, port))
            }
        }
        return ended
    }
}

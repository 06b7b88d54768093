import CNetfilter
import Glibc
package import Grants
import Netlink
package import SystemPackage

/// Tells which TCP sockets of some ports have ended, in the network namespace of the thread that
/// made it.
///
/// The kernel leaves out those of all other ports, so that these wake nobody (SKNLGRP_INET_TCP_DESTROY
/// of sock_diag(7)).
package struct EndedSockets: ~Copyable {
    /// Datagrams taken at once: sessions that end must not keep the agent from its deadlines.
    private static let atOnce = 256

    private let socket: NetlinkSocket
    package let ports: Set<Port>

    /// - Throws: the errno of what could not be asked for.
    package init(of ports: Set<Port>) throws(Errno) {
        socket = try NetlinkSocket.endedSockets(of: ports.map(\.number))
        self.ports = ports
    }

    /// Readable while there is something to drain.
    package var fileDescriptor: Int32 { socket.fileDescriptor }

    /// The far ends and ports of sockets that ended since the last time.
    ///
    /// - Throws: `noBufferSpace` if not all can be told.
    package mutating func drain() throws(Errno) -> [(peer: Endpoint, port: Port)] {
        var ended: [(peer: Endpoint, port: Port)] = []
        for _ in 0..<Self.atOnce {
            guard let datagram = try socket.receive() else { break }
            for message in NetlinkMessage.all(in: datagram) {
                // One that listened has no far end.
                guard let socket = ConnectedSocket(message), socket.peer.port != 0,
                    let port = Port(number: socket.port, transport: .tcp)
                else { continue }
                ended.append((socket.peer, port))
            }
        }
        return ended
    }
}

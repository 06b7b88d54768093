package import Grants
package import SystemPackage

/// A TCP session at a port of this host, with its ends as in the packets of the far end.
package struct FoundSession: Hashable, Sendable {
    package let peer: Endpoint
    /// The port that it was sent to, or redirected to if only that port was asked for.
    package let port: Port
    /// The order of sessions by age, lower for older ones; `.max` if unknown.
    package let age: UInt32
}

/// Lists the TCP sessions at ports of this host, so that they can be kept.
///
/// A session is an established socket, or a tracked connection that both ends have taken part in.
/// Half-open connections do not count, since anybody can make one with another's address. It works
/// in the network namespace of the thread that made it, and needs CAP_NET_ADMIN.
package struct SessionList: ~Copyable {
    private var sockets: SocketTable
    private var flows: FlowTable
    private var local: LocalAddresses

    /// - Throws: the errno of the socket that could not be opened.
    package init() throws(Errno) {
        let sockets = try SocketTable()
        let flows = try FlowTable()
        let local = try LocalAddresses()
        self.sockets = sockets
        self.flows = flows
        self.local = local
    }

    /// The addresses that conntrack remembers as senders to a UDP port, or to one redirected to it.
    package mutating func senders(to port: Port) throws(Errno) -> Set<Address> {
        guard port.transport == .udp else { return [] }
        let tracked = try flows.find(of: port, Address.Family.allCases) { flow in
            flow.original.destination.port == port.number
                || flow.isDestinationRewritten && flow.reply.source.port == port.number
        }
        return Set(tracked.map(\.original.source.address.unmapped))
    }

    /// The sessions at ports with a matching far end that is not this host.
    package mutating func sessions(
        at ports: some Sequence<Port>,
        where isMeant: (Endpoint, Port) -> Bool = { _, _ in true }
    ) throws(Errno) -> [FoundSession] {
        let own = try local.all()
        var found: [FoundSession] = []
        for port in Set(ports).sorted() where port.transport == .tcp {
            found += try sessions(at: port).filter {
                !own.contains($0.peer.address) && isMeant($0.peer, port)
            }
        }
        return found
    }

    /// Finds rewritten sessions in conntrack, and all others by their sockets.
    private mutating func sessions(at port: Port) throws(Errno) -> [FoundSession] {
        let families = Address.Family.allCases
        let rewritten = try flows.find(of: port, families) { flow in
            let isAsked = flow.original.destination.port == port.number
            let isTurned = flow.isDestinationRewritten && flow.reply.source.port == port.number
            return !flow.isPlain && (isAsked || isTurned)
        }
        let connected = try sockets.find(of: port, .established, families) { _ in true }
        // If both ends were rewritten, the socket has another peer than the packets.
        let hidden = Set(rewritten.map(\.reply.destination))
            .subtracting(rewritten.map(\.original.source))
        var ages: [Endpoint: UInt32] = [:]
        for socket in connected where !hidden.contains(socket.peer) {
            ages[socket.peer] = socket.inode == 0 ? .max : socket.inode
        }
        for flow in rewritten where ages[flow.original.source] == nil {
            ages[flow.original.source] = .max
        }
        return ages.map { FoundSession(peer: $0.key, port: port, age: $0.value) }
    }
}

package import Grants
package import SystemPackage

/// Lists the sessions at ports of this host, for whoever lets them go on.
///
/// It works in the network namespace of the thread that made it, and takes CAP_NET_ADMIN.
package struct SessionList: ~Copyable {
    private var sockets: SocketTable
    private var flows: FlowTable

    /// - Throws: the errno of the socket that could not be opened.
    package init() throws(Errno) {
        let sockets = try SocketTable()
        let flows = try FlowTable()
        self.sockets = sockets
        self.flows = flows
    }

    /// The far ends of the sessions that came to a port, or were rewritten to it or from it.
    package mutating func peers(of port: Port) throws(Errno) -> Set<Endpoint> {
        let families = Address.Family.allCases
        let connected = try sockets.find(of: port, families) { _ in true }
        let tracked = try flows.find(of: port, families) { flow in
            flow.original.destination.port == port.number || flow.isDestinationRewritten
        }
        return Set(connected.map(\.peer)).union(tracked.map(\.original.source))
    }
}

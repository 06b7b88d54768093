import Grants
package import SystemPackage

/// Finds the sockets of connections, in the network namespace of the thread that made it.
package struct ConnectionProver: ~Copyable {
    private var table: SocketTable

    package init() throws(Errno) {
        table = try SocketTable()
    }

    /// The sockets that prove that the senders of these packets completed a connection.
    ///
    /// Sends one request for each port, however many packets there are.
    package mutating func sockets(
        for packets: [LoggedPacket]
    ) throws(Errno) -> [LoggedPacket: [UInt8]] {
        var found: [LoggedPacket: [UInt8]] = [:]
        for (port, some) in Dictionary(grouping: packets, by: \.local?.port) {
            guard let port else { continue }
            let wanted = Dictionary(grouping: some, by: \.sourceEndpoint)
            let families = Set(some.map(\.source.family))
            let sockets = try table.find(of: port, .lately, Array(families)) {
                wanted[$0] != nil
            }
            for socket in sockets where socket.isCompleted {
                for packet in wanted[socket.peer] ?? [] { found[packet] = socket.identity }
            }
        }
        return found
    }
}

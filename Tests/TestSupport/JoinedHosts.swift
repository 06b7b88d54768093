package import Glibc

/// A server and a client joined by a link, each with addresses of both families.
package protocol JoinedHosts {
    var server: NetworkNamespace { get }
    /// The client, with two addresses of each family: 192.0.2.7 and 8, 2001:db8::7 and 8.
    var client: NetworkNamespace { get }
}

extension JoinedHosts {
    /// A new client of `server`, joined with it.
    package static func client(of server: NetworkNamespace) throws -> NetworkNamespace {
        let client = try NetworkNamespace()
        try server.link(
            to: client,
            server: ["192.0.2.1/24", "2001:db8::1/64"],
            client: ["192.0.2.7/24", "192.0.2.8/24", "2001:db8::7/64", "2001:db8::8/64"]
        )
        return client
    }

    /// The server's address in the family of a source address.
    package static func server(for source: String) -> String {
        source.contains(":") ? "2001:db8::1" : "192.0.2.1"
    }

    /// A listener on the server for both families.
    package func listen(_ port: UInt16 = 22) throws -> TestSocket {
        try TestSocket.bound(SOCK_STREAM, in: server, to: "::", port: port)
    }

    /// A socket of the client, connected to a port of the server.
    package func connect(
        _ kind: __socket_type = SOCK_STREAM,
        from source: String,
        to port: UInt16
    ) throws -> TestSocket {
        try TestSocket.connected(
            kind,
            in: client,
            from: source,
            to: Self.server(for: source),
            port: port
        )
    }

    /// The answer to a SYN of the client to a port of the server.
    package func answer(from source: String, port: UInt16 = 22) throws -> TestSocket.Answer {
        try TestSocket.answer(
            in: client,
            from: source,
            to: Self.server(for: source),
            port: port
        )
    }

    /// Returns whether the server answers a SYN, with a reset if nothing listens.
    ///
    /// On a busy machine the first SYN may have to wait, such as for the neighbour's address.
    package func reaches(from source: String, port: UInt16 = 22) throws -> Bool {
        for _ in 0..<3 where try answer(from: source, port: port) != .silence { return true }
        return false
    }

    /// A session with a listener, at its own port or at another that is redirected to it.
    package func session(
        from source: String,
        at listener: TestSocket,
        port: UInt16? = nil
    ) throws -> Session {
        let client = try connect(from: source, to: port ?? listener.port)
        return Session(client: client, server: try listener.accept())
    }
}

/// A session between two sockets.
package struct Session: Sendable {
    package let client: TestSocket
    package let server: TestSocket

    package init(client: TestSocket, server: TestSocket) {
        self.client = client
        self.server = server
    }

    package var lives: Bool { client.reaches(server) && server.reaches(client) }
}

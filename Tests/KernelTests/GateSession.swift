import TestSupport

/// A session through a gate, from the client of the scene to a listener of its server.
struct GateSession {
    let client: TestSocket
    let server: TestSocket

    init(client: TestSocket, server: TestSocket) {
        self.client = client
        self.server = server
    }

    init(
        from source: String,
        in scene: GateScene,
        at listener: TestSocket,
        port: UInt16 = 22
    ) throws {
        client = try TestSocket.connected(
            in: scene.client,
            from: source,
            to: source.contains(":") ? "2001:db8::1" : "192.0.2.1",
            port: port
        )
        server = try listener.accept()
    }

    var lives: Bool { client.reaches(server) && server.reaches(client) }
}

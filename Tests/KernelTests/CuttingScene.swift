import Connections
import Glibc
import Grants
import Synchronization
import TestSupport

/// A server, a client with two addresses of each family, and somebody who cuts sessions.
struct CuttingScene {
    let server: NetworkNamespace
    let client: NetworkNamespace
    private let cutter: HeldCutter

    init() throws {
        server = try NetworkNamespace()
        client = try NetworkNamespace()
        try server.link(
            to: client,
            server: ["192.0.2.1/24", "2001:db8::1/64"],
            client: ["192.0.2.7/24", "192.0.2.8/24", "2001:db8::7/64", "2001:db8::8/64"]
        )
        cutter = try server.run { try HeldCutter() }
    }

    /// Cuts what came from `sources` to `port`.
    @discardableResult
    func cut(
        _ sources: [String],
        _ port: String = "22/tcp",
        unless isCovered: @Sendable (Endpoint, Port) -> Bool = { _, _ in false }
    ) throws -> CutReport {
        let port = try Port(parsing: port)
        let closed = try sources.map { Opening(source: try Prefix(parsing: $0), port: port) }
        return cutter.cut(closed, unless: isCovered)
    }

    /// The address of the server in the family of another.
    static func server(for source: String) -> String {
        source.contains(":") ? "2001:db8::1" : "192.0.2.1"
    }

    /// How many connections conntrack has in the server.
    func trackedCount() throws -> Int? {
        let text = try server.command("cat", "/proc/sys/net/netfilter/nf_conntrack_count")
        return Int(text.dropLast())
    }
}

/// A session between two sockets.
struct Session {
    let client: TestSocket
    let server: TestSocket

    init(
        from source: String,
        in scene: CuttingScene,
        at listener: TestSocket,
        port: UInt16 = 22
    ) throws {
        client = try TestSocket.connected(
            in: scene.client,
            from: source,
            to: CuttingScene.server(for: source),
            port: port
        )
        server = try listener.accept()
    }

    var lives: Bool { client.reaches(server) && server.reaches(client) }
}

private final class HeldCutter: Sendable {
    private let cutter: Mutex<SessionCutter>

    init() throws {
        cutter = Mutex(try SessionCutter())
    }

    func cut(_ closed: [Opening], unless isCovered: @Sendable (Endpoint, Port) -> Bool) -> CutReport
    {
        cutter.withLock { $0.cut(closed, unless: isCovered) }
    }
}

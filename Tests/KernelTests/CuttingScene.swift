import Connections
import Glibc
import Grants
import Synchronization
import TestSupport

/// A server, a client, and somebody who cuts sessions.
struct CuttingScene: JoinedHosts {
    let server: NetworkNamespace
    let client: NetworkNamespace
    private let cutter: HeldCutter

    init() throws {
        server = try NetworkNamespace()
        client = try Self.client(of: server)
        cutter = try server.run { try HeldCutter() }
    }

    /// Cuts what came from `sources` to `port`.
    @discardableResult
    func cut(
        _ sources: [String],
        _ port: String = "22/tcp",
        unless isCovered: @Sendable (Endpoint, Port) -> Bool = { _, _ in false }
    ) throws -> CutReport {
        try cut(sources.map { ($0, port) }, unless: isCovered)
    }

    /// Cuts what came from each source to its port.
    func cut(
        _ closed: [(source: String, port: String)],
        unless isCovered: @Sendable (Endpoint, Port) -> Bool = { _, _ in false }
    ) throws -> CutReport {
        let openings = try closed.map { source, port in
            Opening(source: try Prefix(parsing: source), port: try Port(parsing: port))
        }
        return cutter.cut(openings, unless: isCovered)
    }

    /// The number of connections that conntrack has in the server.
    func trackedCount() throws -> Int? {
        let text = try server.command("cat", "/proc/sys/net/netfilter/nf_conntrack_count")
        return Int(text.dropLast())
    }
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

import Foundation
import Glibc
import Grants
import StrictJSON
import TestSupport

/// A host with the real agent, joined to a client with two addresses of each family.
struct SessionScene {
    let host: AgentHost
    let client: NetworkNamespace

    /// `edit` changes the policy before the agent starts.
    init(starting: Bool = true, _ edit: (String) -> String = { $0 }) throws {
        host = try AgentHost()
        client = try NetworkNamespace()
        try host.namespace.link(
            to: client,
            server: ["192.0.2.1/24", "2001:db8::1/64"],
            client: ["192.0.2.7/24", "192.0.2.8/24", "2001:db8::7/64", "2001:db8::8/64"]
        )
        try host.edit(edit)
        if starting { try host.start() }
    }

    /// A server at a port, for both families.
    func listen(_ port: UInt16 = 22) throws -> TestSocket {
        try TestSocket.bound(SOCK_STREAM, in: host.namespace, to: "::", port: port)
    }

    /// A connection to it, at both ends.
    func session(
        from source: String,
        at listener: TestSocket
    ) throws -> (client: TestSocket, server: TestSocket) {
        let client = try TestSocket.connected(
            in: client,
            from: source,
            to: source.contains(":") ? "2001:db8::1" : "192.0.2.1",
            port: listener.port
        )
        return (client, try listener.accept())
    }

    /// Drops a grant of these sources and waits until it holds.
    func open(
        _ sources: [String],
        id: UUID = UUID(),
        lasting seconds: Double = 60
    ) throws {
        let before = try host.records("grant-opened").count
        let changes = [JSONValue.Member("sources", .array(sources.map(JSONValue.string)))]
        let grant = try host.grant(id: id, lasting: seconds, changes: changes)
        try host.submit(grant, as: "\(id).grant")
        try eventually { try host.records("grant-opened").count > before }
        // The record comes before the kernel.
        try eventually {
            let table = try host.namespace.command("nft", "list", "table", "inet", "jitgate")
            return sources.allSatisfy { table.contains($0.prefix { $0 != "/" } + " . tcp . 22") }
        }
    }
}

import Foundation
import Grants
import StrictJSON
import TestSupport

/// A host with the real agent, joined to a client.
struct SessionScene: JoinedHosts {
    let host: AgentHost
    let client: NetworkNamespace
    var server: NetworkNamespace { host.namespace }

    /// `edit` changes the policy before the agent starts.
    init(starting: Bool = true, _ edit: (String) -> String = { $0 }) throws {
        host = try AgentHost()
        client = try Self.client(of: host.namespace)
        try host.edit(edit)
        if starting { try host.start() }
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

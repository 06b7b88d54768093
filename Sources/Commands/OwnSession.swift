import Admission
import Configuration
import Control
import Grants

/// The SSH session that a command is typed into, and whether a policy would cut it.
struct OwnSession: Hashable {
    let client: Address
    let port: Port

    init(client: Address, port: Port) {
        self.client = client
        self.port = port
    }

    /// `nil` outside of an SSH session; SSH_CONNECTION is client, its port, server, its port.
    init?(_ console: Console) {
        let words = (console.variable("SSH_CONNECTION") ?? "").split(separator: " ")
        guard words.count == 4, let client = try? Prefix(parsing: String(words[0])).address,
            let number = UInt16(words[3]), let port = Port(number: number, transport: .tcp)
        else { return nil }
        self.init(client: client, port: port)
    }

    /// Why `policy` would cut the session, or `nil` if something keeps it.
    ///
    /// `status` and `grants` are the agent's, as they are before the policy takes force.
    func danger(
        of policy: Policy,
        now status: AgentStatus,
        _ grants: [GrantEntry]
    ) -> String? {
        guard policy.mode == .enforce, policy.ports[port] != nil else { return nil }
        guard !policy.trusted.contains(where: { $0.contains(client) }) else { return nil }
        guard !grants.contains(where: covers) else { return nil }
        // Sessions from before the port was held may end by themselves.
        if policy.keepExisting, status.mode == "observe" { return nil }
        return "your own session, from \(client) to \(port), would be cut: "
            + "no open grant and no trusted network covers it"
    }

    private func covers(_ grant: GrantEntry) -> Bool {
        grant.state == .open && grant.ports.contains(port.description)
            && grant.sources.contains { (try? Prefix(parsing: $0))?.contains(client) ?? false }
    }
}

extension AgentSession {
    /// Why the policy on disk would cut the caller's own session.
    func danger(
        of configuration: Configuration,
        to session: OwnSession?
    ) throws(CommandFailure) -> String? {
        guard let session else { return nil }
        let status = try ask { client throws(ControlError) in try client.status() }
        let grants = try ask { client throws(ControlError) in try client.list(all: false) }
        return session.danger(of: configuration.policy, now: status, grants)
    }
}

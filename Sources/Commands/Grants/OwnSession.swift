import Admission
import AgentInterface
import CommandSupport
import AgentSettings
import Grants

/// The SSH session that a command is typed into, and whether a policy would cut it.
struct OwnSession: Hashable {
    let client: Address
    let port: Port
    let connection: SSHConnection

    private init?(connection text: String) {
        guard let connection = SSHConnection(parsing: text) else { return nil }
        self.connection = connection
        client = connection.client
        port = connection.port
    }

    /// Those that it may be: none outside of an SSH session.
    static func all(_ console: Console) -> [OwnSession] {
        var found: [OwnSession] = []
        for session in console.connections().compactMap(OwnSession.init(connection:))
        where !found.contains(session) {
            found.append(session)
        }
        return found
    }

    /// The effect that a policy would have on the session.
    struct Danger: Hashable {
        /// True if this very session ends; otherwise only the next one is refused.
        let isCut: Bool
        let text: String
    }

    /// Returns the effect of `policy` on the session, or `nil` if something lets it in also next
    /// time.
    ///
    /// `status` and `grants` are the agent's, as they are before the policy takes force.
    func danger(
        of policy: Policy,
        now status: AgentStatus,
        _ grants: [GrantEntry]
    ) -> Danger? {
        guard policy.mode == .enforce, policy.ports[port] != nil else { return nil }
        guard !policy.trusted.contains(where: { $0.contains(client) }) else { return nil }
        guard !grants.contains(where: covers) else { return nil }
        // Sessions from before the port was held may end by themselves.
        let isCut = !policy.keepExisting.keeps || status.mode != .observe
        let what = isCut ? "would be cut" : "goes on, but the next one would be refused"
        let text =
            "your own session, from \(client) to \(port), \(what): "
            + "no open grant and no trusted network covers it"
        return Danger(isCut: isCut, text: text)
    }

    private func covers(_ grant: GrantEntry) -> Bool {
        grant.state == .open && grant.ports.contains(port)
            && grant.sources.contains { $0.contains(client) }
    }
}

extension [OwnSession] {
    /// The connections that the agent is told of.
    var connections: [SSHConnection] { prefix(64).map(\.connection) }
}

extension Console {
    /// Says that sessions found no room among those that go on.
    func noteLeftOut(_ count: Int) {
        guard count > 0 else { return }
        note("jitgate: \(count) sessions that were there had no room to go on and were reset")
    }
}

extension AgentSession {
    /// The worst effect that the policy on disk may have on the caller's own session.
    func danger(
        of configuration: Configuration,
        to sessions: [OwnSession]
    ) throws(CommandFailure) -> OwnSession.Danger? {
        guard !sessions.isEmpty else { return nil }
        let status = try ask(AgentInterface.status)
        let grants = try ask(AgentInterface.list, ListParameters(all: false)).grants
        let dangers = sessions.compactMap {
            $0.danger(of: configuration.policy, now: status, grants)
        }
        return dangers.first(where: \.isCut) ?? dangers.first
    }
}

import Admission
import AgentInterface
import Configuration
import Grants

/// The SSH session that a command is typed into, and whether a policy would cut it.
struct OwnSession: Hashable {
    let client: Address
    let port: Port
    /// As sshd writes it into SSH_CONNECTION: client, its port, server, its port.
    let connection: String

    init(client: Address, port: Port, connection: String = "") {
        self.client = client
        self.port = port
        self.connection = connection
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

    /// Reads a value of SSH_CONNECTION: client, its port, server, its port.
    private init?(connection: String) {
        let words = connection.split(separator: " ")
        guard words.count == 4, let client = try? Prefix(parsing: String(words[0])).address,
            let number = UInt16(words[3]), let port = Port(number: number, transport: .tcp)
        else { return nil }
        self.init(client: client, port: port, connection: connection)
    }

    /// What a policy would do to the session.
    struct Danger: Hashable {
        /// Whether this very session ends; otherwise only the next one is refused.
        let isCut: Bool
        let text: String
    }

    /// What `policy` would do to the session, or `nil` if something lets it in also next time.
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
        let isCut = !policy.keepExisting.keeps || status.mode != "observe"
        let what = isCut ? "would be cut" : "goes on, but the next one would be refused"
        let text =
            "your own session, from \(client) to \(port), \(what): "
            + "no open grant and no trusted network covers it"
        return Danger(isCut: isCut, text: text)
    }

    private func covers(_ grant: GrantEntry) -> Bool {
        grant.state == .open && grant.ports.contains(port.description)
            && grant.sources.contains { (try? Prefix(parsing: $0))?.contains(client) ?? false }
    }
}

extension [OwnSession] {
    /// What the agent is told of them.
    var connections: [String] { prefix(64).map(\.connection) }
}

extension Console {
    /// Says that sessions found no room among those that go on.
    func noteLeftOut(_ count: Int) {
        guard count > 0 else { return }
        note("jitgate: \(count) sessions that were there had no room to go on and were reset")
    }
}

extension AgentSession {
    /// What the policy on disk would do to the caller's own session; the worst of what it may be.
    func danger(
        of configuration: Configuration,
        to sessions: [OwnSession]
    ) throws(CommandFailure) -> OwnSession.Danger? {
        guard !sessions.isEmpty else { return nil }
        let status = try ask { client throws(ClientError) in try client.status() }
        let grants = try ask { client throws(ClientError) in try client.list(all: false) }
        let dangers = sessions.compactMap {
            $0.danger(of: configuration.policy, now: status, grants)
        }
        return dangers.first(where: \.isCut) ?? dangers.first
    }
}

import Admission
import Conditions
import AgentSettings
import Grants
import Linux
import SystemPackage

/// Management ports that listen and that no policy covers, and covered ports where nothing listens.
struct PortCheck {
    private(set) var results: [CheckResult] = []

    init(_ configuration: Configuration, policyPath: String) {
        do throws(Errno) {
            let sockets = try ListeningSocket.all()
            findUncovered(sockets, configuration.policy, policyPath)
            findSilent(sockets, configuration.policy)
        } catch {
            results = [.found(GateConditions.listenersUnseen(because: "\(error)"))]
        }
    }

    private mutating func findUncovered(
        _ sockets: [ListeningSocket],
        _ policy: Policy,
        _ policyPath: String
    ) {
        let uncovered = sockets.filter { socket in
            !socket.isLoopback && Port(socket).map { policy.ports[$0] == nil } ?? false
        }
        let holders = SocketOwner.holders(of: Set(uncovered.map(\.inode)))
        var known: [Port: String] = [:]
        var others: [Port: String] = [:]
        for socket in uncovered {
            guard let port = Port(socket) else { continue }
            let holding = holders[socket.inode] ?? []
            if let what = ManagementService.known(holding) ?? ManagementService.usual(at: port) {
                known[port] = "\(what) listens on \(port)"
            } else if let manager = ManagementService.manager(holding) {
                known[port] = "\(manager) listens on \(port) for a service that it starts"
            } else if port.transport == .tcp {
                others[port] = holding.first?.name ?? "?"
            }
        }
        for (port, what) in known.sorted(by: { $0.key < $1.key }) {
            results.add(GateConditions.portUncovered(port, what, policyPath))
        }
        tell(ofOthers: others, isAlone: known.isEmpty)
    }

    /// An unknown program may give access as well.
    private mutating func tell(ofOthers others: [Port: String], isAlone: Bool) {
        if others.isEmpty, isAlone {
            results.append(.passed(.ports, "every management port that listens is covered"))
        } else if !others.isEmpty {
            results.add(
                GateConditions.listenersUncovered(
                    others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
                )
            )
        }
    }

    private mutating func findSilent(_ sockets: [ListeningSocket], _ policy: Policy) {
        let listening = Set(sockets.compactMap(Port.init))
        let silent = policy.ports.keys.filter { !listening.contains($0) }.sorted()
        guard !silent.isEmpty else { return }
        results.add(GateConditions.portsSilent(silent))
    }
}

extension Port {
    fileprivate init?(_ socket: ListeningSocket) {
        switch socket.transport {
        case .tcp: self.init(number: socket.port, transport: .tcp)
        case .udp: self.init(number: socket.port, transport: .udp)
        }
    }
}

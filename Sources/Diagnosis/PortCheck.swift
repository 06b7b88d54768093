import Admission
import Configuration
import Grants
import Linux
import SystemPackage

/// Management ports that listen and that no policy covers, and covered ports where nothing listens.
struct PortCheck {
    private(set) var findings: [Finding] = []

    init(_ configuration: Configuration, policyPath: String) {
        do throws(Errno) {
            let sockets = try ListeningSocket.all()
            findUncovered(sockets, configuration.policy, policyPath)
            findSilent(sockets, configuration.policy)
        } catch {
            findings = [.warning("ports", "what listens cannot be seen: \(error)", mend: nil)]
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
            let table =
                "[[port]] number = \(port.number), protocol = \"\(port.transport.rawValue)\""
            findings.append(
                .warning(
                    "ports",
                    "\(what) and no policy covers it",
                    mend: "add \(table) to \(policyPath), then jitgate try"
                )
            )
        }
        tell(ofOthers: others, isAlone: known.isEmpty)
    }

    /// A program that nobody has heard of may let people in as well.
    private mutating func tell(ofOthers others: [Port: String], isAlone: Bool) {
        guard !others.isEmpty else {
            if isAlone {
                findings.append(.ok("ports", "every management port that listens is covered"))
            }
            return
        }
        let list = others.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
        let shown = list.prefix(20).joined(separator: ", ")
        let rest = list.count > 20 ? " and \(list.count - 20) more" : ""
        let reason = "\(shown)\(rest): these listen, too, and no policy covers them"
        findings.append(.note("ports", reason, mend: "cover those by which people get in"))
    }

    private mutating func findSilent(_ sockets: [ListeningSocket], _ policy: Policy) {
        let listening = Set(sockets.compactMap(Port.init))
        let silent = policy.ports.keys.filter { !listening.contains($0) }.sorted()
        guard !silent.isEmpty else { return }
        let list = silent.map(\.description).joined(separator: ", ")
        let reason = "nothing on this host itself listens on \(list)"
        findings.append(.note("ports", reason + ", which the policy protects"))
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

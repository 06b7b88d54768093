import Admission
import Configuration
import Grants
import Linux
import SystemPackage

/// Management ports that listen and that no policy covers, and covered ports where nothing listens.
struct PortExamination {
    /// What administers a host, by its usual port: what Azure recommends for just-in-time access
    /// (22, 3389, 5985, 5986), and what else opens a whole host to whoever gets in.
    static let management: [(port: UInt16, transport: Transport, what: String)] = [
        (22, .tcp, "SSH"), (23, .tcp, "Telnet"), (2375, .tcp, "the Docker API"),
        (2376, .tcp, "the Docker API"), (3389, .tcp, "RDP"), (3389, .udp, "RDP"),
        (5900, .tcp, "VNC"), (5901, .tcp, "VNC"), (5985, .tcp, "WinRM"), (5986, .tcp, "WinRM"),
        (6443, .tcp, "the Kubernetes API"), (8006, .tcp, "Proxmox VE"), (9090, .tcp, "Cockpit"),
        (10_000, .tcp, "Webmin"), (10_250, .tcp, "the kubelet API"), (16_509, .tcp, "libvirt"),
    ]
    /// Programs that let people in, on whatever port.
    static let programs: [String: String] = [
        "sshd": "SSH", "dropbear": "SSH", "xrdp": "RDP", "Xvnc": "VNC", "Xtigervnc": "VNC",
        "x11vnc": "VNC", "telnetd": "Telnet", "dockerd": "the Docker API",
    ]

    private(set) var findings: [Finding] = []

    init(_ configuration: Configuration, policyPath: String) {
        do throws(Errno) {
            let sockets = try ListeningSocket.all()
            let owners = SocketOwner.programs(named: Set(Self.programs.keys))
            findUncovered(sockets, owners, configuration.policy, policyPath)
            findSilent(sockets, configuration.policy)
        } catch {
            findings = [.warning("ports", "what listens cannot be seen: \(error)", mend: nil)]
        }
    }

    private mutating func findUncovered(
        _ sockets: [ListeningSocket],
        _ owners: [UInt64: String],
        _ policy: Policy,
        _ policyPath: String
    ) {
        var uncovered: [Port: String] = [:]
        for socket in sockets where !socket.isLoopback {
            guard let port = Port(socket), policy.ports[port] == nil else { continue }
            let usual = Self.management.first {
                $0.port == port.number && $0.transport == port.transport
            }
            let program = owners[socket.inode].flatMap { Self.programs[$0] }
            if let what = program ?? usual?.what { uncovered[port] = what }
        }
        for (port, what) in uncovered.sorted(by: { $0.key < $1.key }) {
            let table =
                "[[port]] number = \(port.number), protocol = \"\(port.transport.rawValue)\""
            findings.append(
                .warning(
                    "ports",
                    "\(what) listens on \(port) and no policy covers it",
                    mend: "add \(table) to \(policyPath), then jitgate try"
                )
            )
        }
        if uncovered.isEmpty {
            findings.append(.ok("ports", "every management port that listens is covered"))
        }
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

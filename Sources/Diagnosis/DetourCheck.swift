import AgentInterface
import Grants
import Linux

/// Ways by which packets reach a protected listener that not all of the gate sees, or none of it.
struct DetourCheck {
    private(set) var findings: [Finding] = []
    private let protected: [Port]

    init(_ protected: [Port], _ inspection: Inspection?) {
        self.protected = protected
        if let inspection { take(inspection.detours) }
        findSocketChoosers()
        findVirtualServers()
    }

    private mutating func take(_ detours: [Inspection.Detour]?) {
        guard let detours else {
            let reason = "ways around the gate cannot be seen: routing rules, tproxy, flowtables"
            return findings.append(
                .warning("detours", reason, mend: "ip rule; sudo nft list ruleset")
            )
        }
        for (kind, some) in Dictionary(grouping: detours, by: \.kind).sorted(by: { $0.key < $1.key }
        ) {
            findings += Self.findings(kind, some)
        }
    }

    private static func findings(
        _ kind: Inspection.Detour.Kind,
        _ detours: [Inspection.Detour]
    ) -> [Finding] {
        let names = list(detours.map(\.name))
        switch kind {
        case .rule:
            let reason =
                "\(names): another table than `local` says what is this host's (VRF, policy routing)"
            let remedy =
                "try from there that a protected port is shut: it is held at delivery alone"
            return [.warning("detours", reason, mend: remedy)]
        case .route:
            let reason = "this host takes packets for \(names), which the table `local` has not"
            let remedy = "ip route show table all type local; take away what nobody needs"
            return [.warning("detours", reason, mend: remedy)]
        case .transparent:
            let reason =
                "the listener on \(names) is transparent: tproxy can hand it packets to other ports, "
                + "which are not held"
            let remedy = "have it listen without IP_TRANSPARENT, or on a port of its own"
            return [.warning("detours", reason, mend: remedy)]
        case .flowtable:
            let reason =
                "\(names): forwarded connections that it took over pass no rule any more, "
                + "also when their grant has ended"
            let remedy = "leave protected ports out of its `flow add` rules"
            return [.warning("detours", reason, mend: remedy)]
        case .diversion: return detours.map(finding(ofDiversion:))
        }
    }

    private static func finding(ofDiversion detour: Inspection.Detour) -> Finding {
        let remedy = "take the rule away, or have it lead to a listener on a port of its own"
        guard let port = detour.port else {
            let reason = "\(detour.name) hands packets to listeners by tproxy, of whatever port"
            return .warning("detours", reason, mend: remedy)
        }
        let reason =
            "\(detour.name) hands packets to the listener on \(port) by tproxy, past the gate"
        return .error("detours", reason, mend: remedy)
    }

    /// Programs that choose a listener whatever the port.
    private mutating func findSocketChoosers() {
        guard let count = try? SocketChoosers.count(), count > 0 else { return }
        let reason =
            "\(count.counting("BPF program")) may hand packets to listeners on protected ports "
            + "(sk_lookup), past the gate"
        findings.append(.error("detours", reason, mend: "sudo bpftool net; sudo bpftool link"))
    }

    private mutating func findVirtualServers() {
        guard let servers = try? VirtualServer.all(), !servers.isEmpty else { return }
        let ports = Set(protected.map(\.number))
        let own = HostAddresses.all()
        let remedy = "sudo ipvsadm -Ln"
        // What goes to other hosts is for theirs to hold.
        let leading = servers.filter { ports.contains($0.port) && own.contains($0.address) }
        for server in leading {
            let reason =
                "IPVS sends what comes to \(server.service) to port \(server.port), past the gate"
            findings.append(.error("detours", reason, mend: remedy))
        }
        if leading.isEmpty {
            let names = Self.list(Set(servers.map(\.service)).sorted())
            let reason = "IPVS takes packets to \(names) before the gate decides about delivery"
            findings.append(.warning("detours", reason, mend: remedy))
        }
    }

    /// Not all of many.
    private static func list(_ names: [String]) -> String {
        let rest = names.count > 5 ? " and \(names.count - 5) more" : ""
        return names.prefix(5).joined(separator: ", ") + rest
    }
}

extension Inspection.Detour.Kind: Comparable {
    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

import AgentInterface
import Conditions
import Grants
import Linux

/// Ways by which packets reach a protected listener past some or all of the gate.
struct DetourCheck {
    private(set) var results: [CheckResult] = []
    private let protected: [Port]

    init(_ protected: [Port], _ inspection: Inspection?) {
        self.protected = protected
        if let inspection { take(inspection.detours) }
        findSocketChoosers()
        findVirtualServers()
    }

    private mutating func take(_ detours: [Inspection.Detour]?) {
        guard let detours else { return results.add(DetourConditions.detoursUnseen()) }
        let kinds = Dictionary(grouping: detours, by: \.kind).sorted { $0.key < $1.key }
        results += kinds.flatMap { Self.conditions($0, $1) }.map(CheckResult.found)
    }

    private static func conditions(
        _ kind: Inspection.Detour.Kind,
        _ detours: [Inspection.Detour]
    ) -> [Condition] {
        let names = detours.map(\.name)
        switch kind {
        case .rule: return [DetourConditions.detourRule(names)]
        case .route: return [DetourConditions.detourRoute(names)]
        case .transparent: return [DetourConditions.detourTransparent(names)]
        case .flowtable: return [DetourConditions.detourFlowtable(names)]
        case .diversion:
            return detours.map { detour in
                detour.port.map { DetourConditions.detourTproxy(detour.name, to: $0) }
                    ?? DetourConditions.detourTproxyUnknown(detour.name)
            }
        }
    }

    /// Programs that choose a listener whatever the port.
    private mutating func findSocketChoosers() {
        guard let count = try? SocketChoosers.count(), count > 0 else { return }
        results.add(DetourConditions.detourSocketLookup(count))
    }

    private mutating func findVirtualServers() {
        guard let servers = try? VirtualServer.all(), !servers.isEmpty else { return }
        let ports = Set(protected.map(\.number))
        let own = HostAddresses.all()
        // What goes to other hosts is for theirs to hold.
        let leading = servers.filter { ports.contains($0.port) && own.contains($0.address) }
        for server in leading {
            results.add(DetourConditions.detourIPVS(server.service, to: server.port))
        }
        if leading.isEmpty {
            results.add(DetourConditions.virtualServers(Set(servers.map(\.service)).sorted()))
        }
    }
}

extension Inspection.Detour.Kind: Comparable {
    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

import AgentInterface
import Connections
import Enforcement
import Grants
import Netfilter
import RuleTrace

/// Ways around the gate, as far as the kernel tells of them.
extension KernelView {
    /// All of them; `nil` if some of it cannot be read.
    static func detours(
        around chains: [BaseChain],
        at ports: [Port],
        _ table: inout KernelTable
    ) -> [Inspection.Detour]? {
        guard let routing = try? RoutingDetours.read(),
            let transparent = try? TransparentListeners.among(ports),
            let (diversions, offloads) = try? table.detours(of: chains)
        else { return nil }
        return routing.rules.map(Inspection.Detour.init)
            + routing.routes.map(Inspection.Detour.init)
            + diversions.flatMap { Inspection.Detour.all($0, at: ports) }
            + transparent.map {
                Inspection.Detour(.transparent, $0.description, port: $0.description)
            }
            + offloads.map {
                Inspection.Detour(.flowtable, "flowtable \($0.family) \($0.table) \($0.name)")
            }
    }
}

extension Inspection.Detour {
    fileprivate init(_ rule: RoutingRule) {
        let command = rule.family == .ipv4 ? "ip rule" : "ip -6 rule"
        let target = rule.isOfInterface ? "l3mdev" : "lookup \(rule.table)"
        self.init(.rule, "\(command) \(rule.priority) (\(target))")
    }

    fileprivate init(_ route: LocalRoute) {
        self.init(.route, "\(route.network) by routing table \(route.table)")
    }

    /// One for each protected port that a rule of tproxy leads to, or may.
    fileprivate static func all(_ rule: Diversion, at ports: [Port]) -> [Self] {
        let name = "table \(rule.family) \(rule.table), chain \(rule.chain)"
        guard let number = rule.port else { return [Self(.diversion, name)] }
        return ports.filter { $0.number == number }
            .map { Self(.diversion, name, port: $0.description) }
    }
}

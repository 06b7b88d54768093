import AgentInterface
import Enforcement
import Grants
import Netfilter
import RuleTrace

/// Questions to the live kernel, over a connection of its own, since they may take a while.
enum KernelView {
    /// Asks the table about a packet, and notes if it agrees with policy and grants.
    static func confirm(
        _ explanation: Explanation,
        of source: Prefix,
        _ port: Port,
        isProtected: Bool
    ) -> Explanation {
        var explanation = explanation
        guard var table = try? KernelTable(adopting: nil, highest: .highest) else {
            return explanation
        }
        if let found = try? table.explain(source, port) {
            let agrees = found.passes == explanation.passes && found.isProtected == isProtected
            explanation.kernel = agrees ? .agrees : .differs
        }
        if explanation.passes { addOthers(to: &explanation, source, port, &table) }
        return explanation
    }

    /// Adds the verdicts of other tools' tables.
    private static func addOthers(
        to explanation: inout Explanation,
        _ source: Prefix,
        _ port: Port,
        _ table: inout KernelTable
    ) {
        guard let chains = try? foreignChains(&table),
            let fates = try? table.fates(of: [port], from: source, in: chains)
        else { return }
        let inOrder = zip(chains, fates).sorted { $0.0.place < $1.0.place }
        for (chain, fate) in inOrder {
            guard let fate = fate?.first else {
                explanation.mayBeDroppedBy.append(chain.text)
                continue
            }
            switch fate.end {
            case .passes: break
            case .mayDrop, .mayPass: explanation.mayBeDroppedBy.append(chain.text)
            case .drops:
                explanation.droppedBy = chain.text
                return
            }
            // It has another destination from there on.
            if fate.rewrittenTo != nil { return }
        }
    }

    /// The chains of other tables that packets to this host come through.
    private static func foreignChains(_ table: inout KernelTable) throws(GateError) -> [BaseChain] {
        try table.foreignChains().filter {
            ["prerouting", "input", "ingress"].contains($0.hook)
                && ["ip", "ip6", "inet", "netdev"].contains($0.family)
        }
    }

    /// The facts that only root can see, with a netlink socket.
    static func inspect(ownership owner: TableOwnership, ports: [Port]) -> Inspection {
        let ownership = owner.rawValue
        guard var table = try? KernelTable(adopting: nil, highest: .highest) else {
            return Inspection(tableOwnership: ownership, chains: nil, detours: nil)
        }
        let chains = try? foreignChains(&table)
        return Inspection(
            tableOwnership: ownership,
            chains: chains.map { followed($0, ports, &table) },
            detours: detours(around: chains ?? [], at: ports, &table)
        )
    }

    /// The traffic that nothing admitted; `nil` if the kernel does not say.
    static func deniedTraffic() -> Traffic? {
        guard var table = try? KernelTable(adopting: nil, highest: .highest) else { return nil }
        return try? GateCounters.denied(in: &table)
    }

    /// The chains with what their rules do to packets to protected ports.
    private static func followed(
        _ chains: [BaseChain],
        _ ports: [Port],
        _ table: inout KernelTable
    ) -> [Inspection.Chain] {
        let fates = try? table.fates(of: ports, in: chains)
        return chains.indices.map { place in
            let found = fates?[place].map { zip(ports, $0).map(Inspection.Fate.init) }
            return Inspection.Chain(chains[place], found)
        }
    }
}

extension BaseChain {
    /// The place of the chain in a packet's way.
    fileprivate var place: (Int, Int32) {
        (["ingress", "prerouting"].firstIndex(of: hook) ?? 2, priority)
    }

    fileprivate var text: String { "table \(family) \(table), chain \(name)" }
}

extension Inspection.Fate {
    fileprivate init(_ port: Port, _ fate: TraceResult) {
        self.init(
            port.description,
            End(rawValue: fate.end.rawValue) ?? .passes,
            droppedIn: fate.dropper,
            rewrittenTo: fate.rewrittenTo.map(Int.init),
            rewrittenIn: fate.rewriter
        )
    }
}

extension Inspection.Chain {
    fileprivate init(_ chain: BaseChain, _ fates: [Inspection.Fate]?) {
        self.init(
            family: chain.family,
            table: chain.table,
            name: chain.name,
            hook: chain.hook,
            priority: Int(chain.priority),
            drops: chain.dropsByDefault,
            type: chain.type,
            fates: fates
        )
    }
}

extension Prefix {
    /// True for networks that only this host itself can send from.
    var isLoopback: Bool {
        ["127.0.0.0/8", "::1/128"].contains { text in
            (try? Prefix(parsing: text))?.contains(self) ?? false
        }
    }
}

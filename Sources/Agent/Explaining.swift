import Admission
import Configuration
import Control
import Enforcement
import Grants
import Netfilter
import Scheduling

/// What a packet would meet, told from what the kernel was given.
extension Gatekeeper {
    /// What policy and grants say, and whether the live kernel says the same.
    func explain(source: String, port: String) throws(ControlFault) -> Explanation {
        guard let source = try? Prefix(parsing: source) else { throw .invalidParameter("source") }
        guard let port = try? Port(parsing: port) else { throw .invalidParameter("port") }
        var explanation = explain(source, port)
        guard explanation.rule != .loopback else { return explanation }
        if let gate = try? gate.explain(source, port) {
            let agrees =
                gate.passes == explanation.passes
                && gate.isProtected
                    == (rulebook.configuration.policy.ports[port] != nil)
            explanation.kernel = agrees ? .agrees : .differs
        }
        if explanation.passes { addOthers(to: &explanation, source, port) }
        return explanation
    }

    /// What the tables of other tools do with it.
    private func addOthers(to explanation: inout Explanation, _ source: Prefix, _ port: Port) {
        guard let chains = try? foreignChains(),
            let fates = try? gate.fates(of: [port], from: source, in: chains)
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
    private func foreignChains() throws(GateError) -> [BaseChain] {
        try gate.foreignChains().filter {
            ["prerouting", "input", "ingress"].contains($0.hook)
                && ["ip", "ip6", "inet", "netdev"].contains($0.family)
        }
    }

    private func explain(_ source: Prefix, _ port: Port) -> Explanation {
        let policy = rulebook.configuration.policy
        let mode = policy.mode.rawValue
        if source.isLoopback { return Explanation(mode: mode, rule: .loopback) }
        guard policy.ports[port] != nil else { return Explanation(mode: mode, rule: .unprotected) }
        if let network = policy.trusted.first(where: { $0.contains(source) }) {
            return Explanation(mode: mode, rule: .trusted, network: network.description)
        }
        let now = read()
        let held = timetable.desired.filter { opening, deadline in
            opening.port == port && opening.source.contains(source) && deadline > now
        }
        // The one that lasts longest says when access ends.
        guard let (opening, deadline) = held.max(by: { $0.value < $1.value }) else {
            return Explanation(mode: mode, rule: policy.mode == .enforce ? .denied : .observe)
        }
        let holders = held.keys.flatMap { timetable.holders(of: $0) }
        return Explanation(
            mode: mode,
            rule: .grant,
            network: opening.source.description,
            grants: Set(holders).sorted().map(\.description),
            until: deadline.description
        )
    }

    /// What it takes root and a netlink socket to see.
    func inspect() -> Inspection {
        let chains = try? foreignChains()
        return Inspection(
            rung: gate.rung.rawValue,
            chains: chains.map(followed),
            detours: detours(around: chains ?? [])
        )
    }

    /// The chains with what their rules do to packets to protected ports.
    private func followed(_ chains: [BaseChain]) -> [Inspection.Chain] {
        let ports = rulebook.shape.protected
        let fates = try? gate.fates(of: ports, in: chains)
        return chains.indices.map { place in
            let found = fates?[place].map { zip(ports, $0).map(Inspection.Fate.init) }
            return Inspection.Chain(chains[place], found)
        }
    }
}

extension BaseChain {
    /// Where in a packet's way it stands.
    fileprivate var place: (Int, Int32) {
        (["ingress", "prerouting"].firstIndex(of: hook) ?? 2, priority)
    }

    fileprivate var text: String { "table \(family) \(table), chain \(name)" }
}

extension Inspection.Fate {
    fileprivate init(_ port: Port, _ fate: PacketFate) {
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
    /// What only this host itself can send from.
    fileprivate var isLoopback: Bool {
        ["127.0.0.0/8", "::1/128"].contains { text in
            (try? Prefix(parsing: text))?.contains(self) ?? false
        }
    }
}

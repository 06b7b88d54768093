import Admission
import AgentInterface
import Conditions
import AgentSettings
import Grants
import Linux

/// Other firewalls that decide about packets to protected ports, before or after the gate.
struct FirewallCheck {
    private(set) var results: [CheckResult] = []
    private let protected: [Port]

    init(_ configuration: Configuration, _ inspection: Inspection?) {
        protected = configuration.policy.ports.keys.sorted()
        if let chains = inspection?.chains {
            chains.forEach { take($0) }
        } else {
            results.add(FirewallConditions.firewallUnseen())
        }
        for table in LegacyTable.all() {
            results.add(FirewallConditions.legacyTable(table.name, of: table.tool))
        }
        results += DetourCheck(protected, inspection).results
        results += SavedRulesetCheck().results
        if results.isEmpty {
            results = [.passed(.firewall, "no other tool decides before or after")]
        }
    }

    private mutating func take(_ chain: Inspection.Chain) {
        guard ["prerouting", "input", "ingress"].contains(chain.hook) else { return }
        guard let fates = chain.fates else { return takeUnread(chain) }
        let dropping = Dictionary(grouping: fates) { Drop(end: $0.end, chain: $0.droppedIn) }
        for (drop, fates) in dropping.sorted(by: { $0.key < $1.key }) {
            tell(drop, Self.list(fates.map(\.port)), chain)
        }
        let rewriting = fates.filter { $0.rewrittenTo != nil }
        for (rule, fates) in Dictionary(grouping: rewriting, by: \.rewrittenIn) {
            tell(fates, rewrittenIn: rule, chain)
        }
    }

    private struct Drop: Hashable, Comparable {
        let end: Inspection.Fate.End
        let chain: String?

        static func < (left: Self, right: Self) -> Bool {
            (left.end.rawValue, left.chain ?? "") < (right.end.rawValue, right.chain ?? "")
        }
    }

    private mutating func tell(_ drop: Drop, _ ports: String, _ chain: Inspection.Chain) {
        let tool = ForeignTool(of: chain, rule: drop.chain)
        let place = Self.place(chain, tool, rule: drop.chain)
        let opening = tool.opening(protected.first { ports.hasPrefix($0.description) })
        switch drop.end {
        case .passes: return
        case .mayDrop:
            results.add(FirewallConditions.firewallDropsSome(place, ports, mend: tool.listing))
        case .mayPass:
            results.add(FirewallConditions.firewallDropsMost(place, ports, mend: opening))
        case .drops: results.add(FirewallConditions.firewallDrops(place, ports, mend: opening))
        }
    }

    private mutating func tell(
        _ fates: [Inspection.Fate],
        rewrittenIn rule: String?,
        _ chain: Inspection.Chain
    ) {
        let place = Self.place(chain, ForeignTool(of: chain, rule: rule), rule: rule)
        let changes = Self.list(fates.map { "\($0.port) to port \($0.rewrittenTo ?? 0)" })
        results.add(FirewallConditions.firewallRewrites(place, changes))
    }

    private mutating func takeUnread(_ chain: Inspection.Chain) {
        let tool = ForeignTool(of: chain)
        let place = Self.place(chain, tool, rule: nil)
        guard chain.drops else {
            return results.add(FirewallConditions.firewallUnread(place, mend: tool.listing))
        }
        let ports = Self.list(protected.map(\.description))
        results.add(
            FirewallConditions.firewallDropsRest(place, ports, mend: tool.opening(protected.first))
        )
    }

    private static func place(
        _ chain: Inspection.Chain,
        _ tool: ForeignTool,
        rule: String?
    ) -> FirewallConditions.ForeignChain {
        FirewallConditions.ForeignChain(
            tool: tool.name,
            place: "table \(chain.family) \(chain.table), chain \(rule ?? chain.name)"
        )
    }

    private static func list(_ words: [String]) -> String { words.joined(separator: ", ") }
}

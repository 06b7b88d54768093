import Admission
import AgentInterface
import Configuration
import Grants
import Linux

/// Other firewalls that decide about packets to protected ports, before or after the gate.
struct FirewallCheck {
    private(set) var findings: [Finding] = []
    private let protected: [Port]

    init(_ configuration: Configuration, _ inspection: Inspection?) {
        protected = configuration.policy.ports.keys.sorted()
        if let chains = inspection?.chains {
            chains.forEach { take($0) }
        } else {
            let reason = "without an agent to ask, the chains of other tools cannot be seen"
            findings.append(.note("firewall", reason, mend: "sudo nft list ruleset"))
        }
        findLegacyTables()
        findings += DetourCheck(protected, inspection).findings
        findings += SavedRulesetCheck().findings
        if findings.isEmpty {
            findings = [.ok("firewall", "no other tool decides before or after")]
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

    // MARK: dropping

    private struct Drop: Hashable, Comparable {
        let end: Inspection.Fate.End
        let chain: String?

        static func < (left: Self, right: Self) -> Bool {
            (left.end.rawValue, left.chain ?? "") < (right.end.rawValue, right.chain ?? "")
        }
    }

    private mutating func tell(_ drop: Drop, _ ports: String, _ chain: Inspection.Chain) {
        let tool = ForeignTool(of: chain, rule: drop.chain)
        let who = "\(tool.name) (\(Self.place(chain, rule: drop.chain)))"
        let port = protected.first { ports.hasPrefix($0.description) }
        switch drop.end {
        case .passes: return
        case .mayDrop:
            let reason = "\(who) drops packets to \(ports) under conditions of its own"
            findings.append(.note("firewall", reason, mend: tool.listing))
        case .mayPass:
            let reason =
                "\(who) drops \(ports) but for exceptions: "
                + "what a grant opens is open only where they hold"
            findings.append(.warning("firewall", reason, mend: tool.opening(port)))
        case .drops:
            let reason = "\(who) drops \(ports): what a grant opens stays shut all the same"
            findings.append(.error("firewall", reason, mend: tool.opening(port)))
        }
    }

    // MARK: rewriting

    private mutating func tell(
        _ fates: [Inspection.Fate],
        rewrittenIn rule: String?,
        _ chain: Inspection.Chain
    ) {
        let tool = ForeignTool(of: chain, rule: rule)
        let who = "\(tool.name) (\(Self.place(chain, rule: rule)))"
        let changes = Self.list(fates.map { "\($0.port) to port \($0.rewrittenTo ?? 0)" })
        let reason = "\(who) rewrites \(changes): the gate holds the port that it was sent to"
        findings.append(.note("firewall", reason))
    }

    // MARK: what could not be read

    private mutating func takeUnread(_ chain: Inspection.Chain) {
        let tool = ForeignTool(of: chain)
        let who = "\(tool.name) (\(Self.place(chain, rule: nil)))"
        let ports = Self.list(protected.map(\.description))
        if chain.drops {
            let reason =
                "\(who) drops what no rule of it lets in: "
                + "a grant opens \(ports) only if it does too"
            findings.append(.warning("firewall", reason, mend: tool.opening(protected.first)))
        } else {
            let reason = "\(who) has more rules than could be read"
            findings.append(.note("firewall", reason, mend: tool.listing))
        }
    }

    private static func place(_ chain: Inspection.Chain, rule: String?) -> String {
        "table \(chain.family) \(chain.table), chain \(rule ?? chain.name)"
    }

    private static func list(_ words: [String]) -> String { words.joined(separator: ", ") }

    /// Tables of the kernel's older packet filter, which no nft tool shows.
    private mutating func findLegacyTables() {
        for table in LegacyTable.all() {
            let reason =
                "\(table.tool) has rules in its table \(table.name), which jitgate cannot look into: "
                + "what a grant opens may stay shut"
            let remedy = "sudo \(table.tool) -t \(table.name) -S"
            findings.append(.warning("firewall", reason, mend: remedy))
        }
    }
}

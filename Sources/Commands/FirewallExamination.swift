import Admission
import Configuration
import Control
import Grants
import Linux

/// What other firewalls do to packets that a grant lets in, or that should come to the gate first.
struct FirewallExamination {
    /// Where the gate's own chains stand (Enforcement.GateShape).
    private static let gatePriority = -150

    private(set) var findings: [Finding] = []
    private let ports: String
    private let firstPort: Port?

    init(_ configuration: Configuration, chains: [Inspection.Chain]?) {
        let protected = configuration.policy.ports.keys.sorted()
        ports = protected.map(\.description).joined(separator: ", ")
        firstPort = protected.first
        if let chains {
            chains.forEach { take($0) }
        } else {
            let reason = "without an agent to ask, the chains of other tools cannot be seen"
            findings.append(.note("firewall", reason, mend: "sudo nft list ruleset"))
        }
        findLegacyTables()
        if findings.isEmpty {
            findings = [.ok("firewall", "no other tool decides before or after")]
        }
    }

    private mutating func take(_ chain: Inspection.Chain) {
        let name = "\(chain.family) \(chain.table), chain \(chain.name)"
        guard ["prerouting", "input", "ingress"].contains(chain.hook) else { return }
        if chain.drops {
            let reason =
                "\(tool(chain)) (table \(name)) drops what no rule of it lets in: "
                + "a grant opens \(ports) only if it does too"
            findings.append(.warning("firewall", reason, mend: opening(chain)))
        } else if chain.type == "nat", chain.hook == "prerouting",
            chain.priority <= Self.gatePriority
        {
            let reason =
                "\(tool(chain)) (table \(name)) rewrites destinations at priority "
                + "\(chain.priority), before the gate sees them: protected ports can be got around"
            let remedy = "give the chain a priority above \(Self.gatePriority), such as dstnat"
            findings.append(.error("firewall", reason, mend: remedy))
        } else if chain.table == "firewalld", chain.type == "filter", chain.hook == "input" {
            let reason =
                "firewalld rejects what its zones do not let in: "
                + "a grant opens \(ports) only if they do too"
            findings.append(.note("firewall", reason, mend: opening(chain)))
        } else if chain.type == "nat", chain.hook == "prerouting" {
            let reason =
                "\(tool(chain)) (table \(name)) rewrites destinations behind the gate: "
                + "ports that it publishes are held as well"
            findings.append(.note("firewall", reason))
        }
    }

    private func tool(_ chain: Inspection.Chain) -> String {
        if chain.table == "firewalld" { return "firewalld" }
        if chain.table.hasPrefix("docker") { return "docker" }
        let isCompatible =
            ["ip", "ip6"].contains(chain.family)
            && ["filter", "nat", "raw", "mangle"].contains(chain.table)
        guard isCompatible else { return "another tool" }
        if chain.table == "filter", Self.usesUfw { return "ufw" }
        return chain.table == "nat" ? "docker or iptables" : "iptables"
    }

    private func opening(_ chain: Inspection.Chain) -> String {
        guard let port = firstPort else {
            return "sudo nft list table \(chain.family) \(chain.table)"
        }
        let (number, transport) = (port.number, port.transport.rawValue)
        switch tool(chain) {
        case "ufw": return "sudo ufw allow \(number)/\(transport)"
        case "firewalld":
            return "sudo firewall-cmd --permanent --add-port=\(number)/\(transport) "
                + "&& sudo firewall-cmd --reload"
        case "iptables":
            return "sudo \(chain.family == "ip6" ? "ip6tables" : "iptables") -I INPUT "
                + "-p \(transport) --dport \(number) -j ACCEPT"
        default:
            return "sudo nft insert rule \(chain.family) \(chain.table) \(chain.name) "
                + "\(transport) dport \(number) accept"
        }
    }

    private static var usesUfw: Bool {
        guard let bytes = try? SmallFile.read("/etc/ufw/ufw.conf", limit: 65_536) else {
            return false
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains {
            $0.lowercased().filter { !$0.isWhitespace } == "enabled=yes"
        }
    }

    /// Tables of the kernel's older packet filter, which no nft tool shows.
    private mutating func findLegacyTables() {
        for name in ["ip_tables_names", "ip6_tables_names"] {
            guard let bytes = try? SmallFile.read("/proc/net/\(name)", limit: 4096),
                String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains("filter")
            else { continue }
            let tool = name.hasPrefix("ip6") ? "ip6tables-legacy" : "iptables-legacy"
            let reason = "\(tool) filters packets too, which jitgate cannot look into"
            findings.append(.note("firewall", reason, mend: "sudo \(tool) -S INPUT"))
        }
    }
}

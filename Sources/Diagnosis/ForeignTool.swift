import AgentInterface
import Grants
import Linux

/// The firewall that a chain is part of, recognised by its names, and its command to let a port in.
struct ForeignTool {
    let name: String
    private let chain: Inspection.Chain

    /// `rule` is the chain that holds the rule in question, if it is known.
    init(of chain: Inspection.Chain, rule: String? = nil) {
        self.chain = chain
        name = Self.byChain(rule) ?? Self.byTable(chain)
    }

    private static func byChain(_ name: String?) -> String? {
        let prefixes = [
            ("ufw", "ufw"), ("DOCKER", "docker"), ("f2b-", "fail2ban"), ("KUBE-", "kubernetes"),
            ("cali-", "calico"), ("NETAVARK", "podman"), ("LIBVIRT", "libvirt"),
            ("CROWDSEC", "crowdsec"),
        ]
        return name.flatMap { name in prefixes.first { name.hasPrefix($0.0) }?.1 }
    }

    private static func byTable(_ chain: Inspection.Chain) -> String {
        if chain.table == "firewalld" { return "firewalld" }
        if chain.table.hasPrefix("docker") { return "docker" }
        if chain.table.hasPrefix("f2b-") { return "fail2ban" }
        if chain.table.hasPrefix("crowdsec") { return "crowdsec" }
        if chain.table == "netavark" { return "podman" }
        let isCompatible =
            ["ip", "ip6"].contains(chain.family)
            && ["filter", "nat", "raw", "mangle"].contains(chain.table)
        guard isCompatible else { return "another tool" }
        if chain.table == "filter", usesUfw { return "ufw" }
        return chain.table == "nat" ? "docker or iptables" : "iptables"
    }

    private static var usesUfw: Bool {
        guard let bytes = try? SmallFile.read("/etc/ufw/ufw.conf", limit: 65_536) else {
            return false
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains {
            $0.lowercased().filter { !$0.isWhitespace } == "enabled=yes"
        }
    }

    /// The command that has it let a port in, as far as there is one.
    func opening(_ port: Port?) -> String {
        guard let port else { return listing }
        let (number, transport) = (port.number, port.transport.rawValue)
        switch name {
        case "ufw": return "sudo ufw allow \(number)/\(transport)"
        case "firewalld":
            return "sudo firewall-cmd --permanent --add-port=\(number)/\(transport) "
                + "&& sudo firewall-cmd --reload"
        case "iptables":
            let table = chain.table == "filter" ? "" : "-t \(chain.table) "
            return "sudo \(iptables) \(table)-I \(chain.name) "
                + "-p \(transport) --dport \(number) -j ACCEPT"
        default:
            return "sudo nft insert rule \(chain.family) \(chain.table) \(chain.name) "
                + "\(transport) dport \(number) accept"
        }
    }

    private var iptables: String { chain.family == "ip6" ? "ip6tables" : "iptables" }

    /// The command that shows what it does.
    var listing: String { "sudo nft list table \(chain.family) \(chain.table)" }
}

import CNetfilter
import Netlink
import SystemPackage

/// A chain of any table that packets come to by themselves.
package struct BaseChain: Hashable, Sendable {
    /// `ip`, `ip6`, `inet`, `arp`, `bridge` or `netdev`.
    package let family: String
    package let table: String
    package let name: String
    /// `filter`, `nat` or `route`.
    package let type: String
    /// The name that nft gives the hook, such as `prerouting`.
    package let hook: String
    /// Lower comes first.
    package let priority: Int32
    /// True if it drops what none of its rules decides about.
    package let dropsByDefault: Bool
}

extension BaseChain {
    private static let families: [Int: String] = [
        NFPROTO_INET: "inet", NFPROTO_IPV4: "ip", NFPROTO_IPV6: "ip6", NFPROTO_ARP: "arp",
        NFPROTO_BRIDGE: "bridge", NFPROTO_NETDEV: "netdev",
    ]

    /// By number, of the IP families (linux/netfilter.h, enum nf_inet_hooks).
    private static let hooks = [
        "prerouting", "input", "forward", "output", "postrouting", "ingress",
    ]

    /// The name of a family, as nft has it.
    package static func family(_ number: Int) -> String? { families[number] }

    /// NFPROTO_UNSPEC for a family without a name.
    package var familyNumber: Int {
        Self.families.first { $0.value == family }?.key ?? NFPROTO_UNSPEC
    }

    /// Reads a `NFT_MSG_NEWCHAIN`; `nil` for a chain that is only jumped to.
    init?(reading message: NetlinkMessage) {
        let fields = ExpressionFields(message.attributes(after: familyHeaderLength))
        guard let number = message.payload.first, let family = Self.families[Int(number)],
            let table = fields.text(NFTA_CHAIN_TABLE.rawValue),
            let name = fields.text(NFTA_CHAIN_NAME.rawValue),
            let hook = fields[NFTA_CHAIN_HOOK.rawValue]
        else { return nil }
        let place = ExpressionFields(hook.nested)
        let point = Int(place.number(NFTA_HOOK_HOOKNUM.rawValue) ?? 0)
        self.init(
            family: family,
            table: table,
            name: name,
            type: fields.text(NFTA_CHAIN_TYPE.rawValue) ?? "",
            hook: Self.hook(point, of: family),
            priority: Int32(bitPattern: place.number(NFTA_HOOK_PRIORITY.rawValue) ?? 0),
            dropsByDefault: fields.number(NFTA_CHAIN_POLICY.rawValue) == UInt32(NF_DROP)
        )
    }

    private static func hook(_ number: Int, of family: String) -> String {
        switch family {
        case "netdev": number == 0 ? "ingress" : "egress"
        case "arp": number == 0 ? "input" : "output"
        default: hooks.indices.contains(number) ? hooks[number] : "\(number)"
        }
    }
}

extension TableConnection {
    /// The base chains of every table but ours.
    package mutating func baseChains() throws(NetfilterError) -> [BaseChain] {
        let request = request(NFT_MSG_GETCHAIN, flags: NLM_F_DUMP, family: NFPROTO_UNSPEC)
        let ours = table
        var chains: [BaseChain] = []
        do throws(Errno) {
            try socket.ask(request) { message in
                guard let chain = BaseChain(reading: message) else { return }
                if (chain.family, chain.table) != ("inet", ours) { chains.append(chain) }
            }
        } catch {
            throw NetfilterError(attempt: "list the chains of others", errno: error)
        }
        return chains
    }
}

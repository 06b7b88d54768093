import Grants

/// Conditions of other firewalls that decide about packets to protected ports.
package enum FirewallConditions {
    /// A chain of another firewall, and the tool that it belongs to.
    package struct ForeignChain: Hashable, Sendable {
        let tool: String
        let place: String

        package init(tool: String, place: String) {
            self.tool = tool
            self.place = place
        }

        fileprivate var text: String { "\(tool) (\(place))" }
    }

    /// Another firewall drops ports, whatever a grant opens.
    package static func firewallDrops(
        _ chain: ForeignChain,
        _ ports: String,
        mend remedy: String
    ) -> Condition {
        let message = "\(chain.text) drops \(ports): a port that a grant opens stays shut"
        return Condition(.firewallDrops, chain.place, message, mend: remedy)
    }

    /// Another firewall drops ports with exceptions of its own.
    package static func firewallDropsMost(
        _ chain: ForeignChain,
        _ ports: String,
        mend remedy: String
    ) -> Condition {
        let message =
            "\(chain.text) drops \(ports), with exceptions of its own: "
            + "a grant opens a port only where they apply, too"
        return Condition(.firewallDropsMost, chain.place, message, mend: remedy)
    }

    /// Another firewall drops some packets to ports.
    package static func firewallDropsSome(
        _ chain: ForeignChain,
        _ ports: String,
        mend remedy: String
    ) -> Condition {
        let message = "\(chain.text) drops packets to \(ports) under conditions of its own"
        return Condition(.firewallDropsSome, chain.place, message, mend: remedy)
    }

    /// Another firewall, whose rules could not be read, drops what none of them accepts.
    package static func firewallDropsRest(
        _ chain: ForeignChain,
        _ ports: String,
        mend remedy: String
    ) -> Condition {
        let message =
            "\(chain.text) drops all packets that none of its rules accepts: "
            + "a grant opens \(ports) only if one does"
        return Condition(.firewallDropsRest, chain.place, message, mend: remedy)
    }

    /// Another firewall rewrites the port of packets; `changes` are such as `22/tcp to port 2222`.
    package static func firewallRewrites(_ chain: ForeignChain, _ changes: String) -> Condition {
        let message =
            "\(chain.text) rewrites \(changes): the gate holds the port that it was sent to"
        return Condition(.firewallRewrites, chain.place, message, mend: nil)
    }

    /// Not all rules of another firewall could be read.
    package static func firewallUnread(_ chain: ForeignChain, mend remedy: String) -> Condition {
        let message = "\(chain.text) has more rules than could be read"
        return Condition(.firewallUnread, chain.place, message, mend: remedy)
    }

    /// No agent looks at the chains of other tools.
    package static func firewallUnseen() -> Condition {
        Condition(
            .firewallUnseen,
            "ruleset",
            "without an agent to ask, the chains of other tools cannot be seen",
            mend: "sudo nft list ruleset"
        )
    }

    /// The kernel's older packet filter has rules, which no nft tool shows.
    package static func legacyTable(_ table: String, of tool: String) -> Condition {
        Condition(
            .legacyTable,
            "\(tool) \(table)",
            "\(tool) has rules in its table \(table), which jitgate cannot look into: "
                + "what a grant opens may stay shut",
            mend: "sudo \(tool) -t \(table) -S"
        )
    }

    /// A ruleset that is loaded at boot holds the agent's own table.
    package static func savedRuleset(_ path: String, line: Int, loadedBy root: String) -> Condition
    {
        let command =
            "(echo flush ruleset; nft list tables | grep -vx \"table inet jitgate\" "
            + "| xargs -rL1 nft -s list) >\(ShellWord.quoted(path))"
        return Condition(
            .savedRuleset,
            path,
            "\(path):\(line): `table inet jitgate` is the agent's own: while it runs the kernel "
                + "refuses the whole of \(root), so none of its tables is there after a boot",
            mend: "take that table out of it, or save again without it: sudo sh -c '\(command)'"
        )
    }
}

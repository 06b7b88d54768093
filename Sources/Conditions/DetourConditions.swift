import Grants

/// Conditions of ways by which packets reach a protected listener past the gate, or past part of it.
package enum DetourConditions {
    /// Ways around the gate could not be looked for.
    package static func detoursUnseen() -> Condition {
        Condition(
            .detoursUnseen,
            "detours",
            "ways around the gate cannot be seen: routing rules, tproxy, flowtables",
            mend: "ip rule; sudo nft list ruleset"
        )
    }

    /// Routing rules by which tables other than `local` decide which addresses are local.
    package static func detourRule(_ rules: [String]) -> Condition {
        Condition(
            .detourRule,
            rules.listed(),
            "\(rules.listed()): a table other than `local` decides which addresses are "
                + "this host's (VRF, policy routing)",
            mend:
                "check from there that a protected port is shut: the gate sees it at delivery alone"
        )
    }

    /// This host takes packets to addresses that the table `local` has not.
    package static func detourRoute(_ addresses: [String]) -> Condition {
        Condition(
            .detourRoute,
            addresses.listed(),
            "this host takes packets for \(addresses.listed()), which the table `local` does not have",
            mend: "ip route show table all type local; remove the routes that nobody needs"
        )
    }

    /// Listeners on protected ports are transparent.
    package static func detourTransparent(_ listeners: [String]) -> Condition {
        Condition(
            .detourTransparent,
            listeners.listed(),
            "the listener on \(listeners.listed()) is transparent: tproxy can hand it packets to other "
                + "ports, which are not held",
            mend: "have it listen without IP_TRANSPARENT, or on a port of its own"
        )
    }

    /// Flowtables carry connections past all rules.
    package static func detourFlowtable(_ flowtables: [String]) -> Condition {
        Condition(
            .detourFlowtable,
            flowtables.listed(),
            "\(flowtables.listed()): forwarded connections that it took over pass no rule any more, "
                + "also when their grant has ended",
            mend: "leave protected ports out of its `flow add` rules"
        )
    }

    private static let removeRule =
        "take the rule away, or have it lead to a listener on a port of its own"

    /// A rule hands packets to the listener on a protected port.
    package static func detourTproxy(_ chain: String, to port: String) -> Condition {
        Condition(
            .detourTproxy,
            "\(chain), \(port)",
            "\(chain) hands packets to the listener on \(port) by tproxy, past the gate",
            mend: removeRule
        )
    }

    /// A rule hands packets to listeners, and the port is not known.
    package static func detourTproxyUnknown(_ chain: String) -> Condition {
        Condition(
            .detourTproxyUnknown,
            chain,
            "\(chain) hands packets to listeners by tproxy, of whatever port",
            mend: removeRule
        )
    }

    /// BPF programs choose listeners whatever the port.
    package static func detourSocketLookup(_ count: Int) -> Condition {
        Condition(
            .detourSocketLookup,
            "sk_lookup",
            "\(count.counting("BPF program")) may hand packets to listeners on protected ports "
                + "(sk_lookup), past the gate",
            mend: "sudo bpftool net; sudo bpftool link"
        )
    }

    private static let listServices = "sudo ipvsadm -Ln"

    /// IPVS sends packets to a protected port.
    package static func detourIPVS(_ service: String, to port: UInt16) -> Condition {
        let message = "IPVS sends what comes to \(service) to port \(port), past the gate"
        return Condition(.detourIPVS, "\(service), \(port)", message, mend: listServices)
    }

    /// IPVS takes packets before the gate.
    package static func virtualServers(_ services: [String]) -> Condition {
        Condition(
            .virtualServers,
            services.listed(),
            "IPVS takes packets to \(services.listed()) before the gate decides about delivery",
            mend: listServices
        )
    }
}

import Grants
import Netfilter

/// The desired content of the table, without the elements that have a timeout.
struct Ruleset: Hashable {
    struct Chain: Hashable {
        let name: String
        let hook: Hook?
        let rules: [[Expression]]
    }

    /// The chains in the order of their creation: the targets of jumps come first.
    let chains: [Chain]
    let sets: [SetDefinition]
    /// The elements of the sets without timeouts.
    let constants: [String: Set<SetElement>]

    init(_ use: GateUse, _ prefilter: Prefilter) {
        let (shape, fallback) = (use.shape, use.fallback)
        chains =
            [
                Chain(name: GateNames.refuse, hook: nil, rules: shape.refuse),
                Chain(name: GateNames.admit, hook: nil, rules: shape.admit),
                Chain(name: GateNames.ended, hook: nil, rules: shape.ended),
            ] + use.chains(isBlind: { prefilter.isBlind($0) }) + [
                Chain(
                    name: GateNames.prerouting,
                    hook: FirewallPolicy.preroutingHook,
                    rules: use.refusesEarly ? FirewallPolicy.prerouting : []
                ),
                Chain(
                    name: GateNames.input,
                    hook: FirewallPolicy.inputHook,
                    rules: FirewallPolicy.input
                ),
                Chain(
                    name: GateNames.forward,
                    hook: FirewallPolicy.forwardHook,
                    rules: FirewallPolicy.forward
                ),
                Chain(name: GateNames.loopback, hook: nil, rules: FirewallPolicy.loopback),
                Chain(
                    name: GateNames.output,
                    hook: FirewallPolicy.outputHook,
                    rules: FirewallPolicy.output
                ),
                Chain(
                    name: GateNames.probes,
                    hook: FirewallPolicy.probesHook,
                    rules: FirewallPolicy.probes
                ),
            ]
        let protected = shape.protected + (fallback?.protected ?? [])
        var constants = [GateNames.protected: Set(protected.map(\.element))]
        let ports = constants.keys.sorted().map(Self.ports)
        for set in TrustedSet.all() { constants[set.name] = set.elements(shape.trusted) }
        if let fallback {
            for set in TrustedSet.all(isFallback: true) {
                constants[set.name] = set.elements(fallback.trusted)
            }
        }
        if use.refusesEarly {
            for set in PrefilterSet.all { constants[set.name] = prefilter.elements(set.family) }
        }
        self.constants = constants
        sets = ports + use.sets
    }

    private static func ports(_ name: String) -> SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.concatenated(KeyType.protocolNumber, KeyType.service),
            keyLength: 8,
            kind: .constant
        )
    }
}

/// The inputs of the gate's chains and sets: its shape, and the sets that openings need.
struct GateUse: Hashable {
    let shape: FirewallPolicy
    /// The gate that returns after a trial, if this is one.
    let fallback: FirewallPolicy?
    var sources: Set<SourceSet>
    var recent: Set<RecentSet>

    /// True if strangers are refused early; not on trial, since a trial ends by itself but the
    /// early refusal would not.
    var refusesEarly: Bool { shape.denies && fallback == nil }

    var sets: [SetDefinition] {
        let trusted = TrustedSet.all() + (fallback == nil ? [] : TrustedSet.all(isFallback: true))
        let early = refusesEarly ? PrefilterSet.all.map(\.definition) : []
        let trial = fallback == nil ? [] : [TrialSet.definition]
        return trusted.map(\.definition) + SessionSet.all.map(\.definition)
            + EndedSessionSet.all.map(\.definition) + early + trial
            + recent.sorted().map(\.definition) + sources.sorted().map(\.definition)
    }

    /// The chains that depend on the openings.
    func chains(isBlind: (Address.Family) -> Bool) -> [Ruleset.Chain] {
        let early = refusesEarly ? shape.early(isBlind: isBlind) : []
        return gate(.received, GateNames.received) + gate(.published, GateNames.publishedChains) + [
            Ruleset.Chain(name: GateNames.early, hook: nil, rules: early),
            Ruleset.Chain(
                name: GateNames.outgoing,
                hook: nil,
                rules: Replies.labels(recent.sorted())
            ),
        ]
    }

    private func gate(_ fields: KeyFields, _ names: GateNames.Gate) -> [Ruleset.Chain] {
        let sources = sources.sorted()
        guard let fallback else {
            return [
                Ruleset.Chain(name: names.gate, hook: nil, rules: shape.gate(sources, fields))
            ]
        }
        let tried = shape.gate(sources, fields, besides: fallback)
        let before = fallback.fallback(sources, fields, besides: shape)
        return [
            Ruleset.Chain(name: names.trial, hook: nil, rules: tried),
            Ruleset.Chain(name: names.fallback, hook: nil, rules: before),
            Ruleset.Chain(name: names.gate, hook: nil, rules: TrialSet.rules(names)),
        ]
    }
}

import Grants
import Netfilter

/// All that the table should consist of, but for what is open.
struct GateLayout: Hashable {
    struct Chain: Hashable {
        let name: String
        let hook: Hook?
        let rules: [[Expression]]
    }

    /// In the order in which they can be made: what others jump to comes first.
    let chains: [Chain]
    let sets: [SetDefinition]
    /// The keys of the sets that never change while the shape is the same.
    let constants: [String: Set<[UInt8]>]

    /// `fallback` is what comes back after a trial, if this is one.
    init(
        _ shape: GateShape,
        onTrialBefore fallback: GateShape? = nil,
        _ sources: some Collection<SourceSet>
    ) {
        let sources = sources.sorted()
        chains =
            [
                Chain(name: GateNames.refuse, hook: nil, rules: shape.refuse),
                Chain(name: GateNames.admit, hook: nil, rules: shape.admit),
            ]
            + Self.gate(shape, onTrialBefore: fallback, sources) + [
                Chain(
                    name: GateNames.prerouting,
                    hook: GateShape.preroutingHook,
                    rules: GateShape.prerouting
                ),
                Chain(name: GateNames.input, hook: GateShape.inputHook, rules: GateShape.input),
            ]
        let protected = shape.protected + (fallback?.protected ?? [])
        var constants = [GateNames.protected: Set(protected.map(\.keyBytes))]
        if !shape.draining.isEmpty {
            constants[GateNames.draining] = Set(shape.draining.map(\.keyBytes))
        }
        self.constants = constants
        let keepsExisting = shape.keepsExistingNow || fallback?.keepsExistingNow == true
        let existing = keepsExisting ? ExistingSet.all.map(\.definition) : []
        let trial = fallback == nil ? [] : [TrialSet.definition]
        sets =
            constants.keys.sorted().map(Self.ports) + existing + trial + sources.map(\.definition)
    }

    /// The chains that depend on what is open.
    static func gate(
        _ shape: GateShape,
        onTrialBefore fallback: GateShape?,
        _ sources: [SourceSet]
    ) -> [Chain] {
        guard let fallback else {
            return [Chain(name: GateNames.gate, hook: nil, rules: shape.gate(sources))]
        }
        let tried = shape.gate(sources, besides: fallback)
        let before = fallback.fallback(sources, besides: shape)
        return [
            Chain(name: GateNames.trial, hook: nil, rules: tried),
            Chain(name: GateNames.fallback, hook: nil, rules: before),
            Chain(name: GateNames.gate, hook: nil, rules: TrialSet.rules),
        ]
    }

    private static func ports(_ name: String) -> SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.concatenated(KeyType.protocolNumber, KeyType.service),
            keyLength: 8,
            expires: false
        )
    }
}

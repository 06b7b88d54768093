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

    init(_ shape: GateShape, _ sources: some Collection<SourceSet>) {
        let sources = sources.sorted()
        chains = [
            Chain(name: GateNames.refuse, hook: nil, rules: shape.refuse),
            Chain(name: GateNames.admit, hook: nil, rules: shape.admit),
            Self.gate(shape, sources),
            Chain(
                name: GateNames.prerouting,
                hook: GateShape.preroutingHook,
                rules: GateShape.prerouting
            ),
            Chain(name: GateNames.input, hook: GateShape.inputHook, rules: GateShape.input),
        ]
        var constants = [GateNames.protected: Set(shape.protected.map(\.keyBytes))]
        if !shape.draining.isEmpty {
            constants[GateNames.draining] = Set(shape.draining.map(\.keyBytes))
        }
        self.constants = constants
        let existing = shape.keepsExistingNow ? ExistingSet.all.map(\.definition) : []
        sets = constants.keys.sorted().map(Self.ports) + existing + sources.map(\.definition)
    }

    /// The one chain that depends on what is open.
    static func gate(_ shape: GateShape, _ sources: [SourceSet]) -> Chain {
        Chain(name: GateNames.gate, hook: nil, rules: shape.gate(sources))
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

import Grants
import Netfilter

/// What must be done to a table so that it is as it should be: desired minus observed.
struct Plan: Hashable {
    enum Table: Hashable {
        /// All else is done to the one that is there.
        case kept
        /// Removed, if it is there, and made anew.
        case replaced
        /// Made, if there is none; otherwise the transaction fails.
        case created
    }

    var table = Table.kept
    var newSets: [SetDefinition] = []
    var goneSets: [String] = []
    /// Chains whose rules are written anew.
    var chains: [GateLayout.Chain] = []
    var removed: [String: [[UInt8]]] = [:]
    var added: [String: [SetElement]] = [:]
    /// Elements that are there and get another time.
    var refreshed: [String: [SetElement]] = [:]

    var isEmpty: Bool { self == Plan() }

    /// How long each element should still be there, in milliseconds, by set and key.
    typealias Wishes = [String: [[UInt8]: Int64]]

    /// What it takes from nothing to all that should be.
    ///
    /// What was counted before, and which connections existed, is taken from `observed`.
    static func whole(
        _ layout: GateLayout,
        _ wishes: Wishes,
        keeping observed: Observation?,
        as table: Table
    ) -> Plan {
        var plan = Plan(table: table, newSets: layout.sets)
        plan.chains = layout.chains.map { $0.counting(on: observed?.denied ?? Traffic()) }
        for set in layout.sets {
            let there = observed?.elements(of: set.name) ?? [:]
            let elements: [SetElement]
            if let keys = layout.constants[set.name] {
                elements = keys.sorted { $0.lexicographicallyPrecedes($1) }.map {
                    SetElement(key: $0)
                }
            } else if let wish = wishes[set.name] {
                elements = wish.map { key, left in
                    Margin.element(key, left: left, traffic: there[key]?.traffic)
                }
            } else {
                // Another version may have had other keys.
                let keys = there.keys.filter { $0.count == set.keyLength }
                elements = set.expires ? [] : keys.map { SetElement(key: $0) }
            }
            if !elements.isEmpty { plan.added[set.name] = elements }
        }
        return plan
    }

    /// The difference of all that should be and what is there.
    static func difference(
        _ layout: GateLayout,
        _ wishes: Wishes,
        from observed: Observation
    ) -> Plan {
        guard layout.fits(observed.table) else {
            return whole(layout, wishes, keeping: observed, as: .replaced)
        }
        let there = Set(observed.table.sets.map(\.name))
        let wanted = Set(layout.sets.map(\.name))
        var plan = Plan()
        plan.newSets = layout.sets.filter { !there.contains($0.name) }
        plan.goneSets = there.subtracting(wanted).sorted()
        plan.chains = layout.chains.filter { chain in
            observed.table.chains.first { $0.name == chain.name }?.holds(chain.rules) != true
        }.map { $0.counting(on: observed.denied) }
        for set in layout.sets {
            plan.compare(set, layout.constants[set.name], wishes[set.name] ?? [:], observed)
        }
        return plan
    }

    /// Adds keys to sets, as far as the layout has these.
    mutating func add(_ keys: [String: Set<[UInt8]>], to layout: GateLayout) {
        for set in layout.sets {
            let known = Set((added[set.name] ?? []).map(\.key))
            let new = (keys[set.name] ?? []).subtracting(known)
            if !new.isEmpty { added[set.name, default: []] += new.map { SetElement(key: $0) } }
        }
    }

    private mutating func compare(
        _ set: SetDefinition,
        _ constant: Set<[UInt8]>?,
        _ wishes: [[UInt8]: Int64],
        _ observed: Observation
    ) {
        let there = observed.elements(of: set.name)
        // Which connections existed is known to the kernel alone.
        guard set.expires || constant != nil else { return }
        let wanted = constant.map { Set($0) } ?? Set(wishes.keys)
        let gone = there.keys.filter { !wanted.contains($0) }
        let new = wanted.filter { there[$0] == nil }.map { key in
            wishes[key].map { Margin.element(key, left: $0) } ?? SetElement(key: key)
        }
        let late = there.values.filter { element in
            guard let left = wishes[element.key] else {
                return wanted.contains(element.key) && element.remaining != nil
            }
            return !Margin.holds(element.remaining, left: left)
        }.map { element in
            wishes[element.key].map {
                Margin.element(element.key, left: $0, traffic: element.traffic)
            } ?? SetElement(key: element.key)
        }
        if !gone.isEmpty { removed[set.name] = gone }
        if !new.isEmpty { added[set.name] = new }
        if !late.isEmpty { refreshed[set.name] = late }
    }
}

extension GateLayout {
    /// Whether a table has our chains and no others, and no set of ours is of another kind.
    func fits(_ table: TableState) -> Bool {
        let places = table.chains.map(\.name).sorted()
        guard places == chains.map(\.name).sorted(),
            table.objectCount == UInt32(table.chains.count + table.sets.count),
            table.sets.allSatisfy({ $0.definition != nil })
        else { return false }
        let definitions = Dictionary(sets.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        return table.sets.allSatisfy {
            definitions[$0.name] == nil || definitions[$0.name] == $0.definition
        }
            && table.chains.allSatisfy { chain in
                let wanted = chains.first { $0.name == chain.name }
                return chain.place == wanted?.hook.map { .at($0) } ?? .inside
            }
    }
}

extension GateLayout.Chain {
    /// The chain with its counters beginning at what has been counted.
    func counting(on traffic: Traffic) -> Self {
        Self(name: name, hook: hook, rules: rules.map { $0.map { $0.counting(on: traffic) } })
    }
}

extension Expression {
    fileprivate func counting(on traffic: Traffic) -> Self {
        if case .counter = self { return .counter(traffic) }
        return self
    }
}

extension ChainState {
    /// Whether these are all its rules, whatever they have counted.
    fileprivate func holds(_ wanted: [[Expression]]) -> Bool {
        rules.map { $0?.map(\.uncounted) } == wanted
    }
}

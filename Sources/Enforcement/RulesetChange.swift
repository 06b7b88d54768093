import Grants
import Netfilter

/// The changes that bring a table to the desired state: desired minus observed.
struct RulesetChange: Hashable {
    enum Table: Hashable {
        /// Keeps the table; all other changes apply to it.
        case kept
        /// Removes the table, if it exists, and makes a new one.
        case replaced
        /// Makes the table, if there is none; otherwise the transaction fails.
        case created
    }

    var table = Table.kept
    var newSets: [SetDefinition] = []
    var goneSets: [String] = []
    /// The chains whose rules are replaced.
    var chains: [Ruleset.Chain] = []
    var removed: [String: [SetElement]] = [:]
    var added: [String: [SetElement]] = [:]
    /// The existing elements that get another timeout.
    var refreshed: [String: [SetElement]] = [:]

    var isEmpty: Bool { self == RulesetChange() }

    /// The desired remaining time of each element, in milliseconds, by set and key.
    typealias Wishes = [String: [[UInt8]: Int64]]

    /// The changes from nothing to the whole desired state.
    ///
    /// Counters and existing connections are carried over from `observed`.
    static func whole(
        _ layout: Ruleset,
        _ wishes: Wishes,
        keeping observed: RulesetSnapshot?,
        as table: Table
    ) -> RulesetChange {
        var plan = RulesetChange(table: table, newSets: layout.sets)
        plan.chains = layout.chains.map { $0.counting(on: observed?.denied ?? Traffic()) }
        for set in layout.sets {
            let there = observed?.elements(of: set.name) ?? [:]
            let timed = (wishes[set.name] ?? [:]).map { key, left in
                let counted = set.kind == .counted ? there[key]?.traffic : nil
                return TimeoutSlack.element(key, left: left, traffic: counted)
            }
            let elements = layout.constants[set.name]?.inOrder ?? timed
            if !elements.isEmpty { plan.added[set.name] = elements }
        }
        return plan
    }

    /// The difference between the desired and the observed state.
    static func difference(
        _ layout: Ruleset,
        _ wishes: Wishes,
        from observed: RulesetSnapshot
    ) -> RulesetChange {
        guard layout.fits(observed.table) else {
            return whole(layout, wishes, keeping: observed, as: .replaced)
        }
        let there = Set(observed.table.sets.map(\.name))
        let wanted = Set(layout.sets.map(\.name))
        var plan = RulesetChange()
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

    private mutating func compare(
        _ set: SetDefinition,
        _ constant: Set<SetElement>?,
        _ wishes: [[UInt8]: Int64],
        _ observed: RulesetSnapshot
    ) {
        if let constant { return compare(set, constant, observed) }
        let there = observed.elements(of: set.name)
        let gone = there.keys.filter { wishes[$0] == nil }.map { SetElement(key: $0) }
        let new = wishes.filter { there[$0.key] == nil }
            .map { TimeoutSlack.element($0.key, left: $0.value) }
        let late = there.values.compactMap { element -> SetElement? in
            guard let left = wishes[element.key], !TimeoutSlack.holds(element.remaining, left: left)
            else { return nil }
            let counted = set.kind == .counted ? element.traffic : nil
            return TimeoutSlack.element(element.key, left: left, traffic: counted)
        }
        if !gone.isEmpty { removed[set.name] = gone }
        if !new.isEmpty { added[set.name] = new }
        if !late.isEmpty { refreshed[set.name] = late }
    }

    private mutating func compare(
        _ set: SetDefinition,
        _ wanted: Set<SetElement>,
        _ observed: RulesetSnapshot
    ) {
        let there = Set(
            (observed.elements[set.name] ?? []).map {
                SetElement(key: $0.key, endsInterval: $0.endsInterval)
            }
        )
        let (gone, new) = (there.subtracting(wanted), wanted.subtracting(there))
        if !gone.isEmpty { removed[set.name] = gone.inOrder }
        if !new.isEmpty { added[set.name] = new.inOrder }
    }
}

extension RulesetChange {
    /// Adds what a change of the openings needs: sets, and the chains that look them up.
    mutating func change(
        _ before: GateUse,
        to after: GateUse,
        isBlind: (Address.Family, _ isBefore: Bool) -> Bool
    ) {
        let blindBefore = Address.Family.allCases.map { isBlind($0, true) }
        let blindAfter = Address.Family.allCases.map { isBlind($0, false) }
        guard before != after || blindBefore != blindAfter else { return }
        let (old, new) = (before.sets, after.sets)
        newSets = new.filter { !old.contains($0) }
        goneSets = old.filter { !new.contains($0) }.map(\.name)
        let there = before.chains { isBlind($0, true) }
        chains = after.chains { isBlind($0, false) }.filter { !there.contains($0) }
    }
}

extension Prefilter {
    /// Adds the blocks that a change brings into use, and removes those that it takes out of use.
    func add(_ change: Change, to plan: inout RulesetChange) {
        let (new, gone) = difference(change)
        for block in new { plan.added[block.set.name, default: []].append(block.element) }
        for block in gone { plan.removed[block.set.name, default: []].append(block.element) }
    }
}

extension Set<SetElement> {
    /// The elements sorted by key, as ranges must be.
    fileprivate var inOrder: [SetElement] {
        sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }
}

extension Ruleset {
    /// Returns whether a table has exactly our chains, and no set of ours with another definition.
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

extension Ruleset.Chain {
    /// The chain with its counters starting at observed values.
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
    /// Returns whether these are all its rules, whatever their counters.
    fileprivate func holds(_ wanted: [[Expression]]) -> Bool {
        rules.map { $0?.map(\.uncounted) } == wanted
    }
}

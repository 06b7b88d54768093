import Grants
import Netfilter
import Testing

@testable import Enforcement

private let wishes: RulesetChange.Wishes = ["ipv4_32": [[1]: 60_000]]
private let counted = Traffic(packets: 3, bytes: 180)

private func layout() throws -> Ruleset {
    let shape = FirewallPolicy(
        denies: true,
        protected: [try Port(parsing: "22/tcp")],
        trusted: [],
        logGroup: 22,
        deniedPerSecond: 10
    )
    let source = try Prefix(parsing: "192.0.2.7")
    let use = GateUse(shape: shape, fallback: nil, sources: [SourceSet(source)], recent: [])
    return Ruleset(use, Prefilter(openings: [], trusted: []))
}

/// A table that holds exactly what a layout says, and one element for `remaining` milliseconds.
private func observed(_ layout: Ruleset, remaining: UInt64 = 60_016) -> RulesetSnapshot {
    let count = UInt32(layout.chains.count + layout.sets.count)
    var table = TableState(generation: 1, flags: 6, owner: 7, objectCount: count)
    table.sets = layout.sets.map { SetState(name: $0.name, definition: $0) }
    table.chains = layout.chains.map { chain in
        let place: ChainState.Place = chain.hook.map { .at($0) } ?? .inside
        return ChainState(name: chain.name, place: place, rules: chain.rules.map { $0 })
    }
    var elements = layout.constants.mapValues { elements in
        elements.map { ElementState(key: $0.key, remaining: nil, traffic: Traffic()) }
    }
    elements["ipv4_32"] = [ElementState(key: [1], remaining: remaining, traffic: counted)]
    return RulesetSnapshot(table, elements: elements)
}

@Suite struct `A plan` {
    @Test func `is empty where all is as it should be`() throws {
        let layout = try layout()
        #expect(RulesetChange.difference(layout, wishes, from: observed(layout)).isEmpty)
    }

    @Test(arguments: [UInt64(60_009), 60_061, 1])
    func `gives an element another time, and what it had counted`(remaining: UInt64) throws {
        let layout = try layout()
        let there = observed(layout, remaining: remaining)
        let element = SetElement(key: [1], timeout: 60_016, traffic: counted)
        let plan = RulesetChange.difference(layout, wishes, from: there)
        #expect(plan == RulesetChange(refreshed: ["ipv4_32": [element]]))
    }

    @Test func `removes what should not be open and adds what should`() throws {
        let layout = try layout()
        let plan = RulesetChange.difference(
            layout,
            ["ipv4_32": [[2]: 1000]],
            from: observed(layout)
        )
        let added = [SetElement(key: [2], timeout: 1016)]
        #expect(
            plan
                == RulesetChange(
                    removed: ["ipv4_32": [SetElement(key: [1])]],
                    added: ["ipv4_32": added]
                )
        )
    }

    @Test func `replaces a table with anything more in it`() throws {
        let layout = try layout()
        var there = observed(layout)
        there.table.objectCount += 1
        let plan = RulesetChange.difference(layout, wishes, from: there)
        #expect(plan.table == .replaced)
        #expect(plan.added["ipv4_32"]?.first?.traffic == counted)
    }

    @Test func `writes anew the chain alone that has another rule`() throws {
        let layout = try layout()
        var there = observed(layout)
        let gate = try #require(there.table.chains.firstIndex { $0.name == GateNames.gate })
        there.table.chains[gate].rules.insert([.verdict(.accept)], at: 0)
        let plan = RulesetChange.difference(layout, wishes, from: there)
        #expect(plan.table == .kept)
        #expect(plan.chains.map(\.name) == [GateNames.gate])
    }
}

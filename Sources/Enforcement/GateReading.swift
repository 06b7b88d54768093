package import Grants
package import Netfilter

/// The counters in the kernel.
extension Firewall {
    /// The traffic of openings; an opening that has closed or expired is not in the answer.
    ///
    /// The cost grows with the number asked for, whatever else is open: a set is read as a whole only if a
    /// good part of it is asked for. Closing an opening removes its counter: ask before `commit` closes
    /// it.
    package mutating func traffic(
        of openings: some Collection<Opening>
    ) throws(GateError) -> [Opening: Traffic] {
        var found: [Opening: Traffic] = [:]
        for (set, asked) in Dictionary(grouping: openings, by: { SourceSet($0.source) }) {
            guard let count = inUse[set] else { continue }
            let part = try table.attempting { (connection) throws(NetfilterError) in
                try connection.traffic(of: asked, in: set.name, outOf: count)
            }
            found.merge(part) { $1 }
        }
        return found
    }

    /// The traffic that no grant admitted; in observe mode it passed.
    package mutating func deniedTraffic() throws(GateError) -> Traffic {
        try GateCounters.denied(in: &table) ?? Traffic()
    }
}

/// The counters of a table, whoever reads them.
package enum GateCounters {
    /// The traffic that no grant admitted; `nil` if there is no table.
    package static func denied(in table: inout KernelTable) throws(GateError) -> Traffic? {
        let observed = try table.attempting { (connection) throws(NetfilterError) in
            try connection.observe()
        }
        return observed.map { RulesetSnapshot($0).denied }
    }
}

extension TableConnection {
    /// The number of elements from which on a whole set may be read in their place.
    private static let many = 32
    /// An element in a list costs a tenth of one that is asked for.
    private static let share = 4

    /// The traffic of openings in one set, which has `count` of them.
    fileprivate mutating func traffic(
        of openings: [Opening],
        in set: String,
        outOf count: Int
    ) throws(NetfilterError) -> [Opening: Traffic] {
        guard openings.count >= Self.many, openings.count * Self.share >= count else {
            let found = try elements(openings.map { (set: set, key: $0.keyBytes) })
            return Dictionary(
                uniqueKeysWithValues: found.map { (openings[$0.key], $0.value.traffic) }
            )
        }
        let byKey = Dictionary(openings.map { ($0.keyBytes, $0) }, uniquingKeysWith: { $1 })
        let found = try elements(of: set).compactMap { element in
            byKey[element.key].map { ($0, element.traffic) }
        }
        return Dictionary(found) { $1 }
    }
}

extension RulesetSnapshot {
    /// True if packets that nothing admits are dropped; `nil` if the table does not show it.
    var denies: Bool? {
        let rules = table.chains.first { $0.name == GateNames.refuse }?.rules ?? []
        switch rules.last??.last {
        case .verdict(.drop): return true
        case .verdict(.accept): return false
        default: return nil
        }
    }
}

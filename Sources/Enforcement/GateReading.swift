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
            let isMost = asked.count >= Self.many && asked.count * Self.share >= count
            if isMost {
                try read(asked, of: set.name, &found)
            } else {
                try ask(asked, of: set.name, &found)
            }
        }
        return found
    }

    /// The number of elements from which on a whole set may be read in their place.
    private static let many = 32
    /// An element in a list costs a tenth of one that is asked for.
    private static let share = 4

    private mutating func ask(
        _ openings: [Opening],
        of set: String,
        _ traffic: inout [Opening: Traffic]
    ) throws(GateError) {
        let keys = openings.map { (set: set, key: $0.keyBytes) }
        let found = try attempting { (connection) throws(NetfilterError) in
            try connection.elements(keys)
        }
        for (index, element) in found { traffic[openings[index]] = element.traffic }
    }

    private mutating func read(
        _ openings: [Opening],
        of set: String,
        _ traffic: inout [Opening: Traffic]
    ) throws(GateError) {
        let elements = try attempting { (connection) throws(NetfilterError) in
            try connection.elements(of: set)
        }
        let byKey = Dictionary(openings.map { ($0.keyBytes, $0) }, uniquingKeysWith: { $1 })
        for element in elements {
            if let opening = byKey[element.key] { traffic[opening] = element.traffic }
        }
    }

    /// The traffic that no grant admitted; in observe mode it passed.
    package mutating func deniedTraffic() throws(GateError) -> Traffic {
        let table = try attempting { (connection) throws(NetfilterError) in
            try connection.observe()
        }
        return table.map { RulesetSnapshot($0).denied } ?? Traffic()
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

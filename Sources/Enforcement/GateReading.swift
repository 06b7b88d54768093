package import Grants
package import Netfilter

/// The counters in the kernel.
extension Firewall {
    /// The traffic of openings; an opening that has closed or expired is not in the answer.
    ///
    /// The cost grows with the number asked for, whatever else is open. Closing an opening removes
    /// its counter: ask before `commit` closes it.
    package mutating func traffic(
        of openings: some Collection<Opening>
    ) throws(GateError) -> [Opening: Traffic] {
        let asked = openings.filter { inUse[SourceSet($0.source)] != nil }
        let keys = asked.map { (set: SourceSet($0.source).name, key: $0.keyBytes) }
        let found = try attempting { (connection) throws(NetfilterError) in
            try connection.elements(keys)
        }
        return Dictionary(
            uniqueKeysWithValues: found.map { (asked[$0.key], $0.value.traffic) }
        )
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

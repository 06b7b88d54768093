package import Grants
package import Netfilter

/// What the kernel has counted.
extension KernelGate {
    /// What went through openings; one that has closed or run out is not among the answers.
    ///
    /// Costs as much as is asked for, whatever else is open. A counter goes with its opening: ask
    /// before `commit` closes it.
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

    /// What no grant admitted: in observe mode it passed.
    package mutating func deniedTraffic() throws(GateError) -> Traffic {
        let table = try attempting { (connection) throws(NetfilterError) in
            try connection.observe()
        }
        return table.map { Observation($0).denied } ?? Traffic()
    }
}

extension Observation {
    /// Whether what nothing admits is dropped; `nil` if the table does not say.
    var denies: Bool? {
        let rules = table.chains.first { $0.name == GateNames.refuse }?.rules ?? []
        switch rules.last??.last {
        case .verdict(.drop): return true
        case .verdict(.accept): return false
        default: return nil
        }
    }
}

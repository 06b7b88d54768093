import Netfilter

extension TableConnection {
    /// Probes the kernel's features on a set of its own, and removes the set again.
    mutating func probe() throws(NetfilterError) -> KernelFeatures {
        let set = SetDefinition(
            name: GateNames.probe,
            keyType: KeyType.service,
            keyLength: 4,
            kind: .timed
        )
        let key: [UInt8] = [0, 0, 0, 0]
        try commit("probe the kernel", onlyAt: nil) { batch in
            batch.addSet(set)
            batch.addElements([SetElement(key: key, timeout: 60_000)], to: set.name)
        }
        try commit("probe the kernel", onlyAt: nil) { batch in
            batch.addElements([SetElement(key: key, timeout: 1000)], to: set.name)
        }
        var features = KernelFeatures()
        let there = try elements([(set.name, key)])[0]
        features.refreshes = there?.remaining.map { $0 <= 1000 } ?? false
        features.destroys = accepts { batch in
            batch.destroyElements([SetElement(key: [0, 1, 0, 0])], of: set.name)
        }
        features.strips = accepts(rule: [.stripMultipath])
        features.resets = accepts(rule: Test.tcp + [.resetConnection])
        try commit("probe the kernel", onlyAt: nil) { $0.deleteSet(set.name) }
        return features
    }

    /// Returns whether a chain could have a rule; no chain keeps it.
    private mutating func accepts(rule: [Expression]) -> Bool {
        accepts { batch in
            batch.addChain(GateNames.probe)
            batch.addRule(to: GateNames.probe, rule)
            batch.flush(chain: GateNames.probe)
            batch.delete(chain: GateNames.probe)
        }
    }

    private mutating func accepts(_ fill: (inout Batch) -> Void) -> Bool {
        do throws(NetfilterError) {
            try commit("probe the kernel", onlyAt: nil, fill)
            return true
        } catch {
            return false
        }
    }
}

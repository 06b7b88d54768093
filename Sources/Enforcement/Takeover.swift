import CNetfilter
import Netfilter
import SystemPackage

extension TableOwnership {
    /// The flags of a table with this protection.
    var tableFlags: UInt32 {
        switch self {
        case .owned: UInt32(NFT_TABLE_F_OWNER.rawValue) | jitgate_table_persist
        case .watched: 0
        }
    }
}

extension Firewall {
    /// Becomes the owner of a table that outlived its owner; returns whether it did.
    ///
    /// - Throws: `ownedByAnother` if its owner is alive.
    mutating func takeOver() throws(GateError) -> Bool {
        let found = try attempting { (connection) throws(NetfilterError) in
            try connection.tableAlone()
        }
        guard let found else { return false }
        if let owner = found.owner {
            guard owner == connection.portID else { throw .ownedByAnother(port: owner) }
            return false
        }
        guard ownership == .owned, found.flags & jitgate_table_persist != 0 else { return false }
        do throws(NetfilterError) {
            let flags = ownership.tableFlags
            try connection.commit("adopt the table", onlyAt: nil) { $0.adoptTable(flags: flags) }
            return true
        } catch {
            // Another process was faster, or removed it: the next look shows which.
            guard error.errno != .notPermitted, error.errno != .noSuchFileOrDirectory else {
                return false
            }
            throw .refused(error)
        }
    }

    /// Probes the kernel's features on a set of its own, and removes the set again.
    mutating func probe() throws(GateError) -> KernelFeatures {
        let set = SetDefinition(
            name: GateNames.probe,
            keyType: KeyType.service,
            keyLength: 4,
            kind: .timed
        )
        let key: [UInt8] = [0, 0, 0, 0]
        return try attempting { (connection) throws(NetfilterError) in
            try connection.commit("probe the kernel", onlyAt: nil) { batch in
                batch.addSet(set)
                batch.addElements([SetElement(key: key, timeout: 60_000)], to: set.name)
            }
            try connection.commit("probe the kernel", onlyAt: nil) { batch in
                batch.addElements([SetElement(key: key, timeout: 1000)], to: set.name)
            }
            var features = KernelFeatures()
            let there = try connection.elements([(set.name, key)])[0]
            features.refreshes = there?.remaining.map { $0 <= 1000 } ?? false
            features.destroys = connection.accepts { batch in
                batch.destroyElements([SetElement(key: [0, 1, 0, 0])], of: set.name)
            }
            features.strips = connection.accepts(rule: [.stripMultipath])
            features.resets = connection.accepts(rule: Test.tcp + [.resetConnection])
            try connection.commit("probe the kernel", onlyAt: nil) { $0.deleteSet(set.name) }
            return features
        }
    }
}

extension TableConnection {
    /// Returns whether a chain could have a rule; no chain keeps it.
    fileprivate mutating func accepts(rule: [Expression]) -> Bool {
        accepts { batch in
            batch.addChain(GateNames.probe)
            batch.addRule(to: GateNames.probe, rule)
            batch.flush(chain: GateNames.probe)
            batch.delete(chain: GateNames.probe)
        }
    }

    fileprivate mutating func accepts(_ fill: (inout Batch) -> Void) -> Bool {
        do throws(NetfilterError) {
            try commit("probe the kernel", onlyAt: nil, fill)
            return true
        } catch {
            return false
        }
    }
}

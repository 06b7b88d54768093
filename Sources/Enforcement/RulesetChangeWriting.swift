import CNetfilter
import Netfilter

/// The features of the running kernel, found by probing.
package struct KernelFeatures: Hashable, Sendable {
    /// An existing element accepts a new timeout (Linux 6.12).
    package var refreshes: Bool
    /// Elements can be removed whether or not they exist (Linux 6.3).
    package var destroys: Bool
    /// An option of a TCP segment can be stripped (Linux 5.18).
    package var strips = false
    /// A connection can be reset; a kernel may be built without it.
    package var resets = false

    /// Makes the features of the oldest supported kernel, unless given.
    package init(refreshes: Bool = false, destroys: Bool = false) {
        self.refreshes = refreshes
        self.destroys = destroys
    }
}

extension RulesetChange {
    /// Writes the whole plan to one transaction.
    func write(to batch: inout Batch, tableFlags: UInt32, _ features: KernelFeatures) {
        switch table {
        case .kept: break
        case .replaced:
            batch.addTable(flags: nil)
            batch.deleteTable()
            batch.addTable(flags: tableFlags)
        case .created: batch.createTable(flags: tableFlags)
        }
        for set in newSets { batch.addSet(set) }
        if table != .kept {
            for chain in chains { batch.addChain(chain.name, hook: chain.hook) }
        }
        for chain in chains {
            if table == .kept { batch.flush(chain: chain.name) }
            for rule in chain.rules { batch.addRule(to: chain.name, rule) }
        }
        writeElements(to: &batch, features)
        for set in goneSets { batch.deleteSet(set) }
    }

    private func writeElements(to batch: inout Batch, _ features: KernelFeatures) {
        for (set, elements) in removed { batch.remove(elements, of: set, features) }
        for (set, elements) in refreshed {
            guard !features.refreshes else {
                batch.addElements(elements.map(\.uncounted), to: set)
                continue
            }
            // Removed and added in one transaction: no packet finds it missing.
            batch.remove(elements.map(\.untimed), of: set, features)
            batch.addElements(elements, to: set)
        }
        for (set, elements) in added { batch.addElements(elements, to: set) }
    }
}

extension Batch {
    /// Removes elements that may have expired meanwhile.
    mutating func remove(_ elements: [SetElement], of set: String, _ features: KernelFeatures) {
        if features.destroys { return destroyElements(elements, of: set) }
        // Adding an existing element changes nothing, and so none is missing.
        addElements(elements, to: set)
        deleteElements(elements, of: set)
    }
}

extension SetElement {
    /// The element as an update of an existing one, whose counter goes on.
    fileprivate var uncounted: Self { Self(key: key, timeout: timeout) }

    /// The element as the object of a removal.
    fileprivate var untimed: Self { Self(key: key, endsInterval: endsInterval) }
}

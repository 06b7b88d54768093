import CNetfilter
import Netfilter
import SystemPackage

/// The gate without an agent: nothing open, or no table at all.
extension KernelTable {
    /// Puts a gate with no opening in place, unless there is one; returns whether there was none.
    package mutating func shut(_ shape: FirewallPolicy) throws(GateError) -> Bool {
        let use = GateUse(shape: shape, fallback: nil, sources: [], recent: [])
        let layout = Ruleset(use, Prefilter(openings: [], trusted: shape.trusted))
        let plan = RulesetChange.whole(layout, [:], keeping: nil, as: .created)
        do {
            try commit(plan, "shut the gate", onlyAt: nil)
            return true
        } catch {
            switch error.errno {
            case .fileExists: return false
            case .notPermitted:
                // It belongs to a running agent; if there is no table, this process may not make
                // one.
                guard try isTableThere() else { throw error }
                return false
            default:
                guard let errno = error.errno, lowersOwnership(after: errno) else { throw error }
                return try shut(shape)
            }
        }
    }

    private mutating func isTableThere() throws(GateError) -> Bool {
        try attempting { (connection) throws(NetfilterError) in
            try connection.tableAlone() != nil
        }
    }

    /// Removes the table; returns whether there was one.
    ///
    /// - Throws: `ownedByAnother` if it belongs to a running agent.
    package mutating func remove() throws(GateError) -> Bool {
        _ = try takeOver()
        do throws(NetfilterError) {
            try connection.commit("take the gate down", onlyAt: nil) { $0.deleteTable() }
        } catch {
            guard error.errno != .noSuchFileOrDirectory else { return false }
            throw .refused(error)
        }
        return true
    }
}

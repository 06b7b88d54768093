package import Grants
import Netfilter

extension Firewall {
    /// Restores what others removed, in one transaction and without reading the table first:
    /// strangers get in until this has returned.
    ///
    /// `reconcile` must follow: it finds what this cannot know, and corrects the timeouts. Returns
    /// whether there was anything to restore; does nothing before the first `reconcile`.
    package mutating func restore(
        after extent: Tampering.Extent,
        trial: GateTrial? = nil,
        open wanted: [Opening: Duration]
    ) throws(GateError) -> Bool {
        guard let shape, table.ownership == .watched, extent > .elements else { return false }
        let goal = goal(shape, trial, wanted, from: .now)
        let plan = extent == .table ? goal.plan(from: nil, ours: false) : goal.rules
        try table.commit(plan, "put the gate back", onlyAt: nil)
        return true
    }
}

extension Goal {
    /// The rules alone, for a table whose sets kept their elements and counters.
    var rules: RulesetChange {
        var plan = RulesetChange()
        plan.chains = layout.chains
        return plan
    }
}

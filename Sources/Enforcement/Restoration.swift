package import Grants
import Netfilter

extension KernelGate {
    /// Puts back what others took away, in one transaction and without looking first: where others can
    /// change the table, whoever is not let in gets in until this has returned.
    ///
    /// `reconcile` must follow: it finds what this cannot know, and has the times right. Says whether
    /// there was something to put back that could be; does nothing before the first `reconcile`.
    package mutating func restore(
        after extent: Tampering.Extent,
        trial: GateTrial? = nil,
        open wanted: [Opening: Duration]
    ) throws(GateError) -> Bool {
        guard let shape, rung == .watched, extent > .elements else { return false }
        let goal = goal(shape, trial, wanted, from: .now)
        let plan = extent == .table ? goal.plan(from: nil, ours: false) : goal.rules
        try commit(plan, "put the gate back", onlyAt: nil)
        return true
    }
}

extension Goal {
    /// The rules alone, of a table whose sets still hold what they held and counted.
    var rules: Plan {
        var plan = Plan()
        plan.chains = layout.chains
        return plan
    }
}

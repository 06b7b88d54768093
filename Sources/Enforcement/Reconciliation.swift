import CNetfilter
package import Grants
import Netfilter
import SystemPackage

/// The changes that brought the kernel to the desired state.
package struct Reconciliation: Hashable, Sendable {
    /// True if a table without an owner was adopted, with all its content.
    package internal(set) var adopted = false
    /// True if the table was missing or wrong, and was made again.
    package internal(set) var rebuilt = false
    /// True if anything was changed.
    package internal(set) var changed = false

    package init(adopted: Bool = false, rebuilt: Bool = false, changed: Bool = false) {
        self.adopted = adopted
        self.rebuilt = rebuilt
        self.changed = changed
    }
}

extension Firewall {
    /// The most readings of a ruleset that changes between reading and committing.
    private static let attempts = 16

    /// Brings the kernel to the desired state by the difference to the observed state.
    ///
    /// What is right stays untouched: elements keep their counters, and no packet notices. On
    /// return the whole desired state is in force or, on an error, the state from before.
    ///
    /// `wanted` has the remaining time of each opening; `trial` has the fallback, if the shape is
    /// on trial. `existing` is called at most once, with the ports that this begins to deny, and
    /// whether the gate in the kernel already denies at others: it returns the sessions that may
    /// continue.
    package mutating func reconcile(
        _ shape: FirewallPolicy,
        trial: GateTrial? = nil,
        open wanted: [Opening: Duration],
        existing: ([Port], _ deniesAlready: Bool) -> [OngoingSession]
    ) throws(GateError) -> Reconciliation {
        let start = ContinuousClock.now
        var result = Reconciliation()
        var began: [Port]?
        for attempt in 1...Self.attempts {
            if try table.takeOver() { result.adopted = true }
            let observed = try table.snapshot()
            if self.shape == nil, let observed { adopt(observed) }
            if began == nil {
                let ports = beginnings(shape, observed)
                if let kept = shape.keepExisting, !ports.isEmpty {
                    sessions.add(existing(ports, observed?.denies == true), until: .now + kept)
                }
                began = ports
                let trusted = self.shape?.trusted ?? observed.map(TrustedSet.networks) ?? []
                _ = recent.add(FormerPeers.losingTrust(trusted, shape), at: .now)
            }
            let begin = ContinuousClock.now
            var shape = shape
            shape.stripsMultipath =
                table.features?.strips ?? observed?.holds(.stripMultipath) ?? false
            shape.resetsEnds = table.features?.resets ?? observed?.holds(.resetConnection) ?? false
            let goal = goal(shape, trial, wanted, from: start)
            let plan = goal.plan(from: observed, ours: table.isGuarded(observed?.table))
            // The owner of the table need not heed changes of other tables meanwhile.
            let isLast = attempt == Self.attempts && table.ownership == .owned
            do {
                let generation = isLast ? nil : observed?.table.generation
                try table.commit(plan, "put the gate in place", onlyAt: generation)
            } catch {
                try recover(from: error, isLast: attempt == Self.attempts)
                continue
            }
            result.rebuilt = result.rebuilt || plan.table != .kept
            result.changed = result.changed || !plan.isEmpty
            self.shape = shape
            beginnings.formUnion(began ?? [])
            fallback = trial?.fallback
            prefilter = goal.prefilter
            inUse = goal.inUse
            openings = Set(wanted.keys)
            try table.putRight(plan.ends(goal.ends), computedAt: begin)
            if table.features == nil {
                table.features = try table.attempting { (connection) throws(NetfilterError) in
                    try connection.probe()
                }
                // A feature that the probe found needs one more rule.
                let isAsFound =
                    table.features?.strips == shape.stripsMultipath
                    && table.features?.resets == shape.resetsEnds
                if !isAsFound { continue }
            }
            return result
        }
        throw .refused(NetfilterError(attempt: "put the gate in place", errno: .interrupted))
    }

    /// Adopts what the kernel alone knows of the time before this agent.
    private mutating func adopt(_ observed: RulesetSnapshot) {
        let now = ContinuousClock.now
        sessions.adopt(observed, at: now)
        recent.adopt(observed, at: now)
    }

    mutating func goal(
        _ shape: FirewallPolicy,
        _ trial: GateTrial?,
        _ wanted: [Opening: Duration],
        from start: ContinuousClock.Instant
    ) -> Goal {
        let keeps = shape.keepsSessions || trial?.fallback.keepsSessions == true
        // Expired sessions stay until the agent has reset them and says so.
        if !keeps { sessions.removeAll() }
        _ = recent.add(wanted, at: start)
        return Goal(shape, trial, wanted, sessions, recent, from: start)
    }

    /// The ports that this begins to deny: no earlier gate denied there, as far as the kernel and
    /// the agent know.
    private func beginnings(_ next: FirewallPolicy, _ observed: RulesetSnapshot?) -> [Port] {
        guard next.denies else { return [] }
        if let shape {
            return shape.denies
                ? next.protected.filter { !shape.protected.contains($0) } : next.protected
        }
        guard let observed, observed.denies == true else { return next.protected }
        let before = observed.elements(of: GateNames.protected)
        return next.protected.filter { before[$0.keyBytes] == nil }
    }

    /// Lets the loop continue after an error that another attempt may avoid.
    private mutating func recover(from error: GateError, isLast: Bool) throws(GateError) {
        guard !isLast, let errno = error.errno else { throw error }
        if errno.rawValue == jitgate_error_restart { return }
        guard shape == nil, table.lowersOwnership(after: errno) else { throw error }
    }
}

/// The desired state in kernel objects.
struct Goal {
    let layout: Ruleset
    let prefilter: Prefilter
    let inUse: [SourceSet: Int]
    let ends: ElementEnds

    init(
        _ shape: FirewallPolicy,
        _ trial: GateTrial?,
        _ wanted: [Opening: Duration],
        _ sessions: OngoingSessions,
        _ recent: RecentPeers,
        from start: ContinuousClock.Instant
    ) {
        var inUse: [SourceSet: Int] = [:]
        var ends: ElementEnds = sessions.ends
        for (set, keys) in recent.ends { ends[set.name] = keys }
        for (opening, left) in wanted {
            let set = SourceSet(opening.source)
            inUse[set, default: 0] += 1
            ends[set.name, default: [:]][opening.keyBytes] = start + left
        }
        for key in trial == nil ? [] : TrialSet.keys {
            ends[GateNames.trial, default: [:]][key] = start + (trial?.left ?? .zero)
        }
        self.inUse = inUse
        self.ends = ends
        let use = GateUse(
            shape: shape,
            fallback: trial?.fallback,
            sources: Set(inUse.keys),
            recent: Set(recent.sets)
        )
        prefilter = Prefilter(openings: wanted.keys, trusted: shape.trusted)
        layout = Ruleset(use, prefilter)
    }

    /// The plan as of now, since reading the kernel takes a while.
    func plan(from observed: RulesetSnapshot?, ours: Bool) -> RulesetChange {
        let now = ContinuousClock.now
        let wishes = ends.mapValues { $0.mapValues { (now.duration(to: $0)).milliseconds } }
        if let observed, ours {
            return RulesetChange.difference(layout, wishes, from: observed.aged(until: now))
        }
        return RulesetChange.whole(layout, wishes, keeping: observed, as: .replaced)
    }
}

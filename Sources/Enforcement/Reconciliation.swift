import CNetfilter
package import Grants
import Netfilter
import SystemPackage

/// What it took to make the kernel as it should be.
package struct Reconciliation: Hashable, Sendable {
    /// A table without an owner was taken over, with all that was in it.
    package internal(set) var adopted = false
    /// There was no table, or it was not as it should be, and it was made anew.
    package internal(set) var rebuilt = false
    /// There was something to change.
    package internal(set) var changed = false

    package init(adopted: Bool = false, rebuilt: Bool = false, changed: Bool = false) {
        self.adopted = adopted
        self.rebuilt = rebuilt
        self.changed = changed
    }
}

extension KernelGate {
    /// How often a ruleset is read anew that changes between reading and committing.
    private static let attempts = 16

    /// Makes the kernel as it should be, by the difference to what is there.
    ///
    /// What is there and right is not touched: elements keep their counters, and no packet notices.
    /// Either all of it holds when this returns or, if it throws, what held before.
    ///
    /// `wanted` is what is open, and how long each opening still is; `trial` is what comes back, if
    /// the shape is on trial. `existing` is called, at most
    /// once, with the ports at which denying begins with this, and with whether the gate that is there
    /// denies at others already: it answers the sessions that may go on.
    package mutating func reconcile(
        _ shape: GateShape,
        trial: GateTrial? = nil,
        open wanted: [Opening: Duration],
        existing: ([Port], _ deniesAlready: Bool) -> [OngoingSession]
    ) throws(GateError) -> Reconciliation {
        let start = ContinuousClock.now
        var result = Reconciliation()
        var began: [Port]?
        for attempt in 1...Self.attempts {
            if try takeOver() { result.adopted = true }
            let observed = try observe()
            if self.shape == nil, let observed { adopt(observed) }
            if began == nil {
                let ports = beginnings(shape, observed)
                if let kept = shape.keepExisting, !ports.isEmpty {
                    sessions.add(existing(ports, observed?.denies == true), until: .now + kept)
                }
                began = ports
                _ = recent.add(peersLosingTrust(shape, observed), at: .now)
            }
            let begin = ContinuousClock.now
            var shape = shape
            shape.stripsMultipath = features?.strips ?? observed?.holds(.stripMultipath) ?? false
            shape.resetsEnds = features?.resets ?? observed?.holds(.resetConnection) ?? false
            let goal = goal(shape, trial, wanted, from: start)
            let plan = goal.plan(from: observed, ours: isGuarded(observed?.table))
            // Who owns the table need not care what becomes of others meanwhile.
            let isLast = attempt == Self.attempts && rung == .owned
            do {
                let generation = isLast ? nil : observed?.table.generation
                try commit(plan, "put the gate in place", onlyAt: generation)
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
            try putRight(plan.ends(goal.ends), computedAt: begin)
            if features == nil {
                features = try probe()
                // What the kernel was found to do needs one more rule.
                let isAsFound =
                    features?.strips == shape.stripsMultipath
                    && features?.resets == shape.resetsEnds
                if !isAsFound { continue }
            }
            return result
        }
        throw .refused(NetfilterError(attempt: "put the gate in place", errno: .interrupted))
    }

    /// Takes over what the kernel alone knows of the time before this agent.
    private mutating func adopt(_ observed: Observation) {
        let now = ContinuousClock.now
        sessions.adopt(observed, at: now)
        recent.adopt(observed, at: now)
    }

    mutating func goal(
        _ shape: GateShape,
        _ trial: GateTrial?,
        _ wanted: [Opening: Duration],
        from start: ContinuousClock.Instant
    ) -> Goal {
        let keeps = shape.keepsSessions || trial?.fallback.keepsSessions == true
        // Those whose time is over stay until the agent has cut them and says so.
        if !keeps { sessions.removeAll() }
        _ = recent.add(wanted, at: start)
        return Goal(shape, trial, wanted, sessions, recent, from: start)
    }

    /// The ports at which denying begins with this: none was denied there before, as far as the
    /// kernel and we know.
    private func beginnings(_ next: GateShape, _ observed: Observation?) -> [Port] {
        guard next.denies else { return [] }
        if let shape {
            return shape.denies
                ? next.protected.filter { !shape.protected.contains($0) } : next.protected
        }
        guard let observed, observed.denies == true else { return next.protected }
        let before = observed.elements(of: GateNames.protected)
        return next.protected.filter { before[$0.keyBytes] == nil }
    }

    /// Lets the loop go on after an error that another attempt may not have.
    private mutating func recover(from error: GateError, isLast: Bool) throws(GateError) {
        guard !isLast, case .refused(let refusal) = error else { throw error }
        switch refusal.errno.rawValue {
        case jitgate_error_restart: return
        case Errno.notSupported.rawValue, Errno.invalidArgument.rawValue:
            // A kernel before 6.9 does not know one of the flags.
            guard rung == .owned, shape == nil else { throw error }
            rung = .watched
        default: throw error
        }
    }

    /// Reads the table and the elements of every set; `nil` if there is no table.
    mutating func observe() throws(GateError) -> Observation? {
        try attempting { (connection) throws(NetfilterError) in
            guard let table = try connection.observe() else { return nil }
            var observation = Observation(table)
            for set in table.sets {
                observation.elements[set.name] = try connection.elements(of: set.name)
                observation.readAt[set.name] = .now
            }
            return observation
        }
    }

    /// Whether a table has the flags that guard it as it can be guarded, and those alone.
    private func isGuarded(_ table: TableState?) -> Bool {
        guard let table else { return false }
        switch rung {
        case .owned: return table.owner == connection.portID && table.flags == rung.tableFlags
        case .watched: return table.flags & ~jitgate_table_persist == 0
        }
    }
}

/// What should be, in the terms of the kernel.
struct Goal {
    let layout: GateLayout
    let prefilter: Prefilter
    let inUse: [SourceSet: Int]
    let ends: ElementEnds

    init(
        _ shape: GateShape,
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
        layout = GateLayout(use, prefilter)
    }

    /// The plan as of now: what is read from the kernel takes a while.
    func plan(from observed: Observation?, ours: Bool) -> Plan {
        let now = ContinuousClock.now
        let wishes = ends.mapValues { $0.mapValues { (now.duration(to: $0)).milliseconds } }
        if let observed, ours {
            return Plan.difference(layout, wishes, from: observed.aged(until: now))
        }
        return Plan.whole(layout, wishes, keeping: observed, as: .replaced)
    }
}

package import Grants
import Netfilter

/// The gate as the agent keeps it in the kernel: what is open, to whom, and for how long.
///
/// It knows what is in force, so that a change costs what changes; `KernelTable` commits it.
package struct Firewall: ~Copyable {
    package var table: KernelTable
    /// The settings in force; `nil` until `reconcile` has returned.
    var shape: FirewallPolicy?
    /// The settings that return by themselves, during a trial.
    var fallback: FirewallPolicy?
    /// The number of openings in each set that exists; see `Step.spare` for those without any.
    var inUse: [SourceSet: Int] = [:]
    var openings: Set<Opening> = []
    var prefilter = Prefilter()
    /// The sessions that may continue though no new one is admitted.
    package internal(set) var sessions = OngoingSessions()
    var recent = RecentPeers()
    /// The ports that a `reconcile` began to deny, until `takeBeginnings` reports them.
    var beginnings: Set<Port> = []

    package init(_ table: consuming KernelTable) {
        self.table = table
    }

    /// Opens and closes in one transaction.
    ///
    /// `change` has the remaining time of each opening; `nil` closes it. Does nothing before the
    /// first `reconcile`. After an error only `reconcile` can tell what is in force.
    package mutating func commit(
        _ change: [Opening: Duration?],
        sessions ongoing: [OngoingSession: Duration?] = [:]
    ) throws(GateError) {
        guard let shape, !change.isEmpty || !ongoing.isEmpty else { return }
        let begin = ContinuousClock.now
        let step = Step(change, from: openings, inUse)
        var plan = RulesetChange()
        step.write(to: &plan, try counters(renewedBy: step))
        let before = use(shape, inUse)
        let blocks = step.blocks
        if before.refusesEarly { prefilter.add(blocks, to: &plan) }
        plan.refresh(recent.add(step.wanted, at: .now), at: .now)
        sessions.write(ongoing, to: &plan)
        let prefilter = prefilter
        plan.change(before, to: use(shape, step.inUse)) { family, isBefore in
            prefilter.isBlind(family, after: isBefore ? Prefilter.Change() : blocks)
        }
        try table.commit(
            plan,
            "open \(step.opening.count) and close \(step.closing.count)",
            onlyAt: nil
        )
        self.prefilter.apply(blocks)
        sessions.apply(ongoing, at: .now)
        inUse = step.inUse
        openings.subtract(step.closing)
        openings.formUnion(step.opening)
        try table.putRight(step.ends(from: begin), computedAt: begin)
    }

    func use(_ shape: FirewallPolicy, _ inUse: [SourceSet: Int]) -> GateUse {
        GateUse(
            shape: shape,
            fallback: fallback,
            sources: Set(inUse.keys),
            recent: Set(recent.sets)
        )
    }

    /// The counters of the elements to renew, if renewing an element resets its counter.
    private mutating func counters(renewedBy step: Step) throws(GateError) -> [Opening: Traffic] {
        let renewed = table.features?.refreshes == true ? [] : step.renewed
        return renewed.isEmpty ? [:] : try traffic(of: renewed)
    }
}

extension RulesetChange {
    /// Renews elements until these ends: an existing one gets the later end if the kernel can do
    /// that; otherwise it is removed and added.
    mutating func refresh(
        _ ends: [RecentSet: [[UInt8]: ContinuousClock.Instant]],
        at now: ContinuousClock.Instant
    ) {
        for (set, ends) in ends {
            refreshed[set.name] = ends.map {
                TimeoutSlack.element($0.key, left: now.duration(to: $0.value).milliseconds)
            }
        }
    }
}

/// A change of the openings, relative to the known ones.
private struct Step {
    let wanted: [Opening: Duration]
    let opening: [Opening]
    /// The openings that get another remaining time.
    let renewed: [Opening]
    let closing: [Opening]
    let inUse: [SourceSet: Int]

    init(
        _ change: [Opening: Duration?],
        from openings: Set<Opening>,
        _ counts: [SourceSet: Int]
    ) {
        wanted = change.compactMapValues(\.self)
        opening = wanted.keys.filter { !openings.contains($0) }
        renewed = wanted.keys.filter { openings.contains($0) }
        closing = change.keys.filter { change[$0] == .some(nil) && openings.contains($0) }
        var counts = counts
        for key in opening { counts[SourceSet(key.source), default: 0] += 1 }
        var closed: [SourceSet: Int] = [:]
        for key in closing { closed[SourceSet(key.source), default: 0] += 1 }
        for (set, count) in closed { counts[set, default: 0] -= count }
        let empty = counts.filter { $0.value == 0 }.keys
        let spare = Self.spare(empty.filter { closed[$0, default: 0] <= Self.few })
        inUse = counts.filter { $0.value > 0 || spare.contains($0.key) }
    }

    /// The number of elements up to which removing them costs less than to make their set again.
    private static let few = 16

    /// The empty sets to keep: the longest prefix of each family, which the next opening most likely
    /// needs, and which to make again costs ten times what an element does.
    private static func spare(_ empty: some Collection<SourceSet>) -> Set<SourceSet> {
        Set(Dictionary(grouping: empty, by: \.family).values.compactMap { $0.min() })
    }

    /// Adds its elements to a change; `counters` has those of the renewed ones where renewing
    /// resets them.
    func write(to change: inout RulesetChange, _ counters: [Opening: Traffic]) {
        // A set without any opening is removed as a whole.
        let closing = closing.filter { inUse[SourceSet($0.source)] != nil }
        change.removed = Dictionary(grouping: closing) { SourceSet($0.source).name }
            .mapValues { $0.map { SetElement(key: $0.keyBytes) } }
        for key in opening { change.added[key.set, default: []].append(element(key)) }
        for key in renewed {
            change.refreshed[key.set, default: []].append(element(key, traffic: counters[key]))
        }
    }

    private func element(_ opening: Opening, traffic: Traffic? = nil) -> SetElement {
        let left = wanted[opening, default: .zero].milliseconds
        return TimeoutSlack.element(opening.keyBytes, left: left, traffic: traffic)
    }

    /// The change of the prefilter's blocks.
    var blocks: Prefilter.Change {
        var change = Prefilter.Change()
        for key in opening { change.add(key, times: 1) }
        for key in closing { change.add(key, times: -1) }
        return change
    }

    /// The planned ends of the elements that it adds or refreshes.
    func ends(from begin: ContinuousClock.Instant) -> ElementEnds {
        var ends: ElementEnds = [:]
        for (opening, left) in wanted {
            ends[SourceSet(opening.source).name, default: [:]][opening.keyBytes] = begin + left
        }
        return ends
    }
}

extension Opening {
    /// The name of the set that holds it.
    fileprivate var set: String { SourceSet(source).name }
}

extension Duration {
    /// Whole milliseconds, rounded up: an element may end late, never early.
    var milliseconds: Int64 {
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1000)
        return whole + (rest > 0 ? 1 : 0)
    }
}

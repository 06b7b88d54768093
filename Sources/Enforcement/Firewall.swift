package import Grants
import Netfilter
import Netlink
import SystemPackage

/// The gate in the kernel: `table inet jitgate`, and nothing else of nftables.
///
/// Every change is one transaction. If the kernel supports it, the gate's socket owns the table and
/// the table persists after the socket, so that no other process can change it while the gate
/// lives, and nothing opens or closes when the gate dies.
package struct Firewall: ~Copyable {
    var connection: TableConnection
    /// The protection of the table; known once `reconcile` has returned.
    package internal(set) var ownership: TableOwnership
    /// The kernel's features, probed once there is a table to probe with, unless set before.
    package var features: KernelFeatures?
    /// The settings in force; `nil` until `reconcile` has returned.
    var shape: FirewallPolicy?
    /// The settings that return by themselves, during a trial.
    var fallback: FirewallPolicy?
    /// The number of openings in each set that exists; see `Step.spare` for those without any.
    var inUse: [SourceSet: Int] = [:]
    var openings: Set<Opening> = []
    var prefilter = Prefilter()
    var sessions = OngoingSessions()
    var recent = RecentPeers()
    /// The ports that a `reconcile` began to deny, until `takeBeginnings` reports them.
    var beginnings: Set<Port> = []

    /// Opens a gate in the network namespace of the calling thread; changes nothing there.
    ///
    /// `descriptor` is a socket of an earlier gate, which may own the table; the gate takes it
    /// over. `highest` is the best protection to try.
    package init(adopting descriptor: Int32?, highest: TableOwnership) throws(GateError) {
        do {
            let socket =
                if let descriptor {
                    try NetlinkSocket.netfilter(adopting: descriptor)
                } else {
                    try NetlinkSocket.netfilter()
                }
            connection = TableConnection(table: GateNames.table, over: socket)
        } catch {
            throw .refused(NetfilterError(attempt: "open a netlink socket", errno: error))
        }
        ownership = highest
    }

    /// The socket that owns the table: a process with a copy of it keeps the ownership alive.
    package var ownerDescriptor: Int32 { connection.fileDescriptor }

    /// The netlink port of that socket, by which the kernel identifies the owner.
    package var port: UInt32 { connection.portID }

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
        try open(step, in: &plan)
        let before = use(shape, inUse)
        let blocks = prefilterChange(step)
        let remembered = recent.add(step.wanted, at: .now)
        if before.refusesEarly { prefilter.add(blocks, to: &plan) }
        remember(remembered, in: &plan)
        write(ongoing, to: &plan)
        let prefilter = prefilter
        plan.change(before, to: use(shape, step.inUse)) { family, isBefore in
            prefilter.isBlind(family, after: isBefore ? Prefilter.Change() : blocks)
        }
        try commit(plan, "open \(step.opening.count) and close \(step.closing.count)", onlyAt: nil)
        self.prefilter.apply(blocks)
        sessions.apply(ongoing, at: .now)
        inUse = step.inUse
        openings.subtract(step.closing)
        openings.formUnion(step.opening)
        try putRight(step.ends(from: begin), computedAt: begin)
    }

    func use(_ shape: FirewallPolicy, _ inUse: [SourceSet: Int]) -> GateUse {
        GateUse(
            shape: shape,
            fallback: fallback,
            sources: Set(inUse.keys),
            recent: Set(recent.sets)
        )
    }

    private func prefilterChange(_ step: Step) -> Prefilter.Change {
        var change = Prefilter.Change()
        for opening in step.opening { change.add(opening, times: 1) }
        for opening in step.closing { change.add(opening, times: -1) }
        return change
    }

    func remember(
        _ changed: [RecentSet: [[UInt8]: ContinuousClock.Instant]],
        in plan: inout RulesetChange
    ) {
        let now = ContinuousClock.now
        for (set, ends) in changed {
            // An existing element gets the later end if the kernel can do that; otherwise it is
            // renewed.
            plan.refreshed[set.name] = ends.map {
                TimeoutSlack.element($0.key, left: now.duration(to: $0.value).milliseconds)
            }
        }
    }

    private mutating func open(_ step: Step, in plan: inout RulesetChange) throws(GateError) {
        // A set without any opening is removed as a whole.
        let closing = step.closing.filter { step.inUse[SourceSet($0.source)] != nil }
        plan.removed = Dictionary(grouping: closing) { SourceSet($0.source).name }
            .mapValues { $0.map { SetElement(key: $0.keyBytes) } }
        let known = step.wanted.keys.filter { openings.contains($0) }
        let keepsCounters = features?.refreshes == true
        let counted = keepsCounters || known.isEmpty ? [:] : try traffic(of: known)
        for (opening, left) in step.wanted {
            let element = TimeoutSlack.element(
                opening.keyBytes,
                left: left.milliseconds,
                traffic: counted[opening]
            )
            let set = SourceSet(opening.source).name
            if openings.contains(opening) {
                plan.refreshed[set, default: []].append(element)
            } else {
                plan.added[set, default: []].append(element)
            }
        }
    }

    /// Commits a plan in one transaction, or in several if the socket's buffer is too small for
    /// one: in a user namespace the agent may not get the buffer that it asks for.
    mutating func commit(
        _ plan: RulesetChange,
        _ attempt: String,
        onlyAt generation: UInt32?
    ) throws(GateError) {
        do {
            try commitAtOnce(plan, attempt, onlyAt: generation)
        } catch {
            guard error.errno == .messageTooLong, let (first, second) = plan.halved() else {
                throw error
            }
            try commit(first, attempt, onlyAt: generation)
            try commit(second, attempt, onlyAt: nil)
        }
    }

    private mutating func commitAtOnce(
        _ plan: RulesetChange,
        _ attempt: String,
        onlyAt generation: UInt32?
    ) throws(GateError) {
        let (flags, features) = (ownership.tableFlags, features ?? KernelFeatures())
        try attempting { (connection) throws(NetfilterError) in
            try connection.commit(attempt, onlyAt: generation) { batch in
                plan.write(to: &batch, tableFlags: flags, features)
            }
        }
    }

    /// Runs an operation on the connection, and turns its error into a `GateError`.
    mutating func attempting<Value>(
        _ body: (inout TableConnection) throws(NetfilterError) -> Value
    ) throws(GateError) -> Value {
        do throws(NetfilterError) {
            return try body(&connection)
        } catch {
            throw .refused(error)
        }
    }
}

/// A change of the openings, relative to the known ones.
private struct Step {
    let wanted: [Opening: Duration]
    let opening: [Opening]
    let closing: [Opening]
    let inUse: [SourceSet: Int]

    init(
        _ change: [Opening: Duration?],
        from openings: Set<Opening>,
        _ counts: [SourceSet: Int]
    ) {
        wanted = change.compactMapValues(\.self)
        opening = wanted.keys.filter { !openings.contains($0) }
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

    /// The planned ends of the elements that it adds or refreshes.
    func ends(from begin: ContinuousClock.Instant) -> ElementEnds {
        var ends: ElementEnds = [:]
        for (opening, left) in wanted {
            ends[SourceSet(opening.source).name, default: [:]][opening.keyBytes] = begin + left
        }
        return ends
    }
}

extension Duration {
    /// Whole milliseconds, rounded up: an element may end late, never early.
    var milliseconds: Int64 {
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1000)
        return whole + (rest > 0 ? 1 : 0)
    }
}

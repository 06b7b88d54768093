import Grants
import Lifecycle
import TestSupport
import Testing

/// The model of the lifecycle: a grant is open from its opening to its deadline, and may drain from
/// then on.
private struct Model {
    private var intervals: [GrantID: (grant: Grant, opening: Moment)] = [:]

    mutating func admit(_ grant: Grant, at now: Moment) {
        if intervals[grant.id] == nil {
            intervals[grant.id] = (grant, max(now, grant.notBefore ?? now))
        }
    }

    private var drainEnds: [GrantID: Moment] = [:]

    mutating func end(_ id: GrantID) {
        intervals[id] = nil
        drainEnds[id] = nil
    }

    mutating func drain(_ id: GrantID, until end: Moment) { drainEnds[id] = end }

    mutating func shorten(_ id: GrantID, to end: Moment) {
        drainEnds[id] = drainEnds[id].map { min($0, end) }
    }

    /// The grants that drain, and until when.
    func draining(at now: Moment) -> [GrantID: Moment] { drainEnds.filter { $0.value > now } }

    /// The open grants that have a moment to be warned behind `last`, and not later than now.
    func warned(_ leads: [Int], after last: Int, at now: Int) -> Set<GrantID> {
        let warned = intervals.values.filter { entry in
            let deadline = entry.grant.deadline(openingAt: entry.opening)
            return second(now) < deadline
                && leads.map { deadline + .seconds(-$0) }
                    .contains { $0 > max(entry.opening, second(last)) && $0 <= second(now) }
        }
        return Set(warned.map(\.grant.id))
    }

    func open(at now: Moment) -> [Opening: Moment] {
        intervals.values.reduce(into: [:]) { open, entry in
            let deadline = entry.grant.deadline(openingAt: entry.opening)
            guard entry.opening <= now, now < deadline else { return }
            for opening in entry.grant.openings {
                open[opening] = max(open[opening] ?? deadline, deadline)
            }
        }
    }
}

@Suite struct `A lifecycle under random use` {
    /// 200 seeds of 500 steps: 100,000.
    @Test(arguments: UInt64(0)..<200)
    func `holds open what the model holds open`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var lifecycle = Lifecycle()
        var model = Model()
        var kernel: [Opening: Moment] = [:]
        var leads: [Int] = []
        var now = 0
        var nextID = 0
        for _ in 0..<500 {
            let last = now
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<4:
                nextID += 1
                let grant = randomGrant(nextID, at: now, using: &random)
                lifecycle.admit(grant, at: second(now))
                model.admit(grant, at: second(now))
            case 4:
                let id = GrantID(value: UInt128(Int.random(in: 0...nextID, using: &random)))
                _ = lifecycle.withdrawn(id, because: .revoked)
                model.end(id)
            case 5:
                lifecycle = restarted(lifecycle, at: second(now))
                lifecycle.warn(ahead: leads.map { .seconds($0) }, at: second(now))
            case 6:
                leads = Array(Set((0...2).map { _ in Int.random(in: 1...8, using: &random) }))
                lifecycle.warn(ahead: leads.map { .seconds($0) }, at: second(now))
            case 7:
                guard let id = lifecycle.grants.all.map(\.id).sorted().randomElement(using: &random)
                else { continue }
                let end = second(now + Int.random(in: 1...15, using: &random))
                lifecycle.limitDrain(id, until: end)
                model.shorten(id, to: end)
            default:
                // Asleep until the alarm: nothing may change in between.
                let wake = lifecycle.nextWake(after: second(now))
                let later = now + Int.random(in: 1...5, using: &random)
                if let wake, wake <= second(later) {
                    now = Int(wake.microseconds / 1_000_000)
                } else {
                    #expect(model.open(at: second(later)) == model.open(at: second(now)))
                    #expect(model.draining(at: second(later)) == model.draining(at: second(now)))
                    now = later
                }
            }
            var step = lifecycle.step(at: second(now))
            lifecycle.recorded(step)
            let drains = drains(of: step, at: now, using: &random)
            for (opening, deadline) in lifecycle.carryOut(&step, drains) {
                kernel[opening] = deadline
            }
            for ending in step.endings {
                if let until = ending.drainsUntil { model.drain(ending.id, until: until) }
            }
            #expect(
                lifecycle.takeWarnings(at: second(now))
                    == model.warned(leads, after: last, at: now),
                "seed \(seed) at \(now) s"
            )
            #expect(lifecycle.held.all == kernel)
            #expect(lifecycle.grants.openCount == lifecycle.grants.all.count { $0.phase.isOpen })
            #expect(
                lifecycle.grants.drainingCount == lifecycle.grants.all.count { $0.phase.isDraining }
            )
            #expect(lifecycle.drainEnds == model.draining(at: second(now)), "seed \(seed)")
            #expect(
                lifecycle.nextDeadline == lifecycle.grants.all.compactMap(\.phase.deadline).min()
            )
            try #require(kernel == model.open(at: second(now)), "seed \(seed) at \(now) s")
        }
    }

    /// About half of what an step ends is asked for, whatever it ends for.
    private func drains(
        of step: Step,
        at now: Int,
        using random: inout SeededGenerator
    ) -> [GrantID: Moment] {
        var ends: [GrantID: Moment] = [:]
        for id in step.endings.map(\.id).sorted() where .random(using: &random) {
            ends[id] = second(now + Int.random(in: 1...15, using: &random))
        }
        return ends
    }

    private func randomGrant(
        _ id: Int,
        at now: Int,
        using random: inout SeededGenerator
    ) -> Grant {
        let delay = Bool.random(using: &random) ? Int.random(in: 0...10, using: &random) : nil
        return makeGrant(
            id,
            source: Int.random(in: 0..<3, using: &random),
            notBefore: delay.map { now + $0 },
            expires: now + Int.random(in: 1...30, using: &random),
            duration: Bool.random(using: &random) ? Int.random(in: 1...20, using: &random) : nil
        )
    }

    /// The lifecycle of a new agent after it has read the log and listed the directory.
    private func restarted(_ old: Lifecycle, at now: Moment) -> Lifecycle {
        var new = Lifecycle()
        for entry in old.grants.all {
            guard let provenance = entry.provenance else { continue }
            switch entry.phase.living {
            case .open(let since, let deadline):
                new.restore(provenance.grant, openSince: since, deadline: deadline)
            case .draining(let since, let deadline, let end, _):
                new.restore(
                    provenance,
                    openSince: since,
                    deadline: deadline,
                    drainingUntil: end
                )
            default: new.admit(provenance.grant, at: now)
            }
        }
        return new
    }
}

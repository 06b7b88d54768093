import Grants
import Lifecycle
import Testing

@Suite struct `A grant that drains` {
    let grant = makeGrant(1, expires: 10)

    /// Past its deadline at 10 s, draining until 30 s.
    func drained(lead: Duration = .zero) -> Lifecycle {
        var lifecycle = Lifecycle(lead: lead)
        lifecycle.admit(grant, at: second(0))
        _ = lifecycle.settle(at: second(0))
        _ = lifecycle.settle(at: second(10), drainingUntil: second(30))
        return lifecycle
    }

    @Test func `holds nothing open and ends at its limit`() {
        var lifecycle = drained()
        #expect(lifecycle.held.all.isEmpty)
        #expect(lifecycle.grants.openCount == 0 && lifecycle.grants.drainingCount == 1)
        let wake = lifecycle.nextWake(after: second(10))
        #expect(wake == second(30))
        let before = lifecycle.settle(at: second(29)).step
        #expect(before.isEmpty)
        let (step, changes) = lifecycle.settle(at: second(30))
        #expect(step.endings.map(\.reason) == [.expired])
        #expect(step.endings.allSatisfy { $0.phase.isDraining })
        #expect(changes.isEmpty && lifecycle.grants.drainingCount == 0)
        let none = lifecycle.nextWake(after: second(30))
        #expect(none == nil)
    }

    @Test func `ends at its limit for good, and drains no second time`() {
        var lifecycle = drained()
        let step = lifecycle.settle(at: second(30), drainingUntil: second(60))
        #expect(step.endings.count == 1 && step.endings.allSatisfy { $0.drainsUntil == nil })
        #expect(lifecycle.grants[grant.id] == nil)
    }

    @Test(arguments: [EndReason.revoked, .removed, .policy, .superseded])
    func `ends when somebody says so`(reason: EndReason) {
        var lifecycle = drained()
        let isKnown = lifecycle.withdrawn(grant.id, because: reason)
        #expect(isKnown)
        let step = lifecycle.settle(at: second(11)).step
        #expect(step.endings.map(\.reason) == [reason])
        #expect(lifecycle.grants.drainingCount == 0)
    }

    @Test(arguments: [EndReason.revoked, .removed, .policy, .superseded])
    func `only drains at its deadline, not when somebody ends it`(reason: EndReason) {
        var lifecycle = Lifecycle()
        lifecycle.admit(grant, at: second(0))
        _ = lifecycle.settle(at: second(0))
        _ = lifecycle.withdrawn(grant.id, because: reason)
        let step = lifecycle.settle(at: second(10), drainingUntil: second(30))
        #expect(
            step.endings.map(\.reason) == [reason]
                && step.endings.allSatisfy { $0.drainsUntil == nil }
        )
    }

    @Test func `does not drain when it never opened`() {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(2, notBefore: 5, expires: 10), at: second(0))
        let step = lifecycle.settle(at: second(10), drainingUntil: second(30))
        #expect(step.endings.count == 1 && step.endings.allSatisfy { $0.drainsUntil == nil })
    }

    @Test func `can be made to end earlier, and never later`() {
        var lifecycle = drained(lead: .milliseconds(4))
        lifecycle.limitDrain(grant.id, until: second(40))
        #expect(lifecycle.drainEnds == [grant.id: second(30)])
        lifecycle.limitDrain(grant.id, until: second(20))
        let wake = lifecycle.nextWake(after: second(10))
        #expect(wake == Moment(microseconds: 19_996_000))
    }

    @Test func `leaves an opening to the grants that still hold it`() throws {
        var lifecycle = Lifecycle()
        lifecycle.admit(grant, at: second(0))
        lifecycle.admit(makeGrant(2, expires: 20), at: second(0))
        _ = lifecycle.settle(at: second(0))
        var step = lifecycle.step(at: second(10))
        let changes = lifecycle.carryOut(&step, [grant.id: second(30)])
        #expect(changes.isEmpty)
        let opening = try #require(grant.openings.first)
        #expect(lifecycle.held.all == [opening: second(20)])
    }

    @Test func `goes on draining after a restart`() {
        var lifecycle = Lifecycle()
        lifecycle.restore(
            provenance(grant),
            openSince: second(0),
            deadline: second(10),
            drainingUntil: second(30)
        )
        lifecycle.admit(grant, at: second(11))
        let step = lifecycle.settle(at: second(11)).step
        #expect(step.isEmpty && lifecycle.drainEnds == [grant.id: second(30)])
    }
}

import Grants
import Lifecycle
import Testing

@Suite struct `A grant that supersedes others` {
    private var lifecycle = Lifecycle()

    private func id(_ number: Int) -> GrantID { GrantID(value: UInt128(number)) }

    @Test mutating func `ends them in the step that opens it, and shuts nothing in between`() {
        lifecycle.admit(makeGrant(1, expires: 60), at: second(0))
        _ = lifecycle.settle(at: second(0))
        let new = makeGrant(2, expires: 90, supersedes: [1])
        lifecycle.admit(new, at: second(10))
        let (step, changes) = lifecycle.settle(at: second(10))
        #expect(step.opened.map(\.entry.id) == [id(2)])
        #expect(step.endings.map(\.reason) == [.superseded])
        #expect(step.endings.map(\.entry.superseder) == [id(2)])
        // One change for the kernel: another deadline.
        #expect(changes == [new.openings[0]: second(90)])
        #expect(!lifecycle.grants.isLive(id(1)))
    }

    @Test mutating func `may shorten their access or move it`() {
        let old = makeGrant(1, source: 0, expires: 60)
        lifecycle.admit(old, at: second(0))
        _ = lifecycle.settle(at: second(0))
        let new = makeGrant(2, source: 1, expires: 20, supersedes: [1])
        lifecycle.admit(new, at: second(10))
        let (_, changes) = lifecycle.settle(at: second(10))
        #expect(changes == [old.openings[0]: nil, new.openings[0]: second(20)])
    }

    @Test mutating func `leaves them until it opens`() {
        lifecycle.admit(makeGrant(1, expires: 60), at: second(0))
        lifecycle.admit(makeGrant(2, notBefore: 30, expires: 90, supersedes: [1]), at: second(0))
        _ = lifecycle.settle(at: second(0))
        #expect(lifecycle.grants[id(1)]?.phase.isOpen == true)
        _ = lifecycle.settle(at: second(30))
        #expect(!lifecycle.grants.isLive(id(1)))
        #expect(lifecycle.grants[id(2)]?.phase.isOpen == true)
    }

    @Test mutating func `leaves them if the disk does not take its opening`() {
        lifecycle.admit(makeGrant(1, expires: 60), at: second(0))
        _ = lifecycle.settle(at: second(0))
        lifecycle.admit(makeGrant(2, expires: 90, supersedes: [1]), at: second(10))
        var step = lifecycle.step(at: second(10))
        lifecycle.notRecorded(&step, retryAt: second(15))
        #expect(lifecycle.apply(&step).isEmpty)
        #expect(step.endings.isEmpty)
        #expect(lifecycle.grants[id(1)]?.phase.isOpen == true)
        #expect(lifecycle.nextWake(after: second(10)) == second(15))
        _ = lifecycle.settle(at: second(15))
        #expect(!lifecycle.grants.isLive(id(1)))
    }

    @Test mutating func `keeps one from opening that is due in the same step`() {
        lifecycle.admit(makeGrant(1, expires: 60), at: second(0))
        lifecycle.admit(makeGrant(2, expires: 90, supersedes: [1]), at: second(0))
        var step = lifecycle.step(at: second(0))
        #expect(step.opened.map(\.entry.id) == [id(2)])
        lifecycle.notRecorded(&step, retryAt: second(5))
        _ = lifecycle.apply(&step)
        #expect(lifecycle.nextWake(after: second(0)) == second(5))
        _ = lifecycle.settle(at: second(5))
        #expect(lifecycle.grants[id(2)]?.phase.isOpen == true)
        #expect(!lifecycle.grants.isLive(id(1)))
    }

    @Test mutating func `ends what drains, and what is superseded does not drain`() {
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        _ = lifecycle.settle(at: second(0))
        _ = lifecycle.settle(at: second(10), drainingUntil: second(100))
        #expect(lifecycle.grants[id(1)]?.phase.isDraining == true)
        lifecycle.admit(makeGrant(2, expires: 90, supersedes: [1]), at: second(20))
        let (step, _) = lifecycle.settle(at: second(20))
        #expect(step.endings.map(\.id) == [id(1)])
        #expect(step.endings.allSatisfy { !$0.mayDrain })
        #expect(!lifecycle.grants.isLive(id(1)))
    }

    @Test(arguments: [[1, 2], [2, 1]])
    mutating func `ends them after a death between the two records, in any order of the files`(
        order: [Int]
    ) {
        let grants = [
            1: makeGrant(1, expires: 60), 2: makeGrant(2, expires: 90, supersedes: [1]),
        ]
        for (number, grant) in grants {
            let deadline = second(number == 1 ? 60 : 90)
            let recorded = RecordedGrant(
                openings: grant.openings,
                since: second(number),
                deadline: deadline,
                supersedes: grant.supersedes
            )
            lifecycle.restore(grant.id, digest: "/\(grant.id)", recorded)
        }
        for grant in order.compactMap({ grants[$0] }) {
            lifecycle.received(provenance(grant), nil)
        }
        let (step, _) = lifecycle.settle(at: second(20))
        #expect(step.endings.map(\.reason) == [.superseded])
        #expect(Array(lifecycle.held.all.values) == [second(90)])
    }
}

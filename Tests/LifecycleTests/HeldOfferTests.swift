import Grants
import Lifecycle
import Testing

@Suite struct `An offer that waits for a bulletin` {
    private var lifecycle = Lifecycle()

    private func id(_ number: Int) -> GrantID { GrantID(value: UInt128(number)) }

    private mutating func offer(_ grant: Grant) {
        let facts = GrantProvenance(
            grant: grant,
            digest: "/\(grant.id)",
            signers: [],
            file: "/inbox/\(grant.id)",
            origin: .inbox
        )
        lifecycle.received(facts, nil)
    }

    @Test mutating func `is accepted and not opened, and opens when there is one`() {
        HeldOffers.hold(in: &lifecycle)
        offer(makeGrant(1, expires: 60))
        let (step, changes) = lifecycle.settle(at: second(0))
        #expect(step.accepted.map(\.id) == [id(1)])
        #expect(step.opened.isEmpty && changes.isEmpty)
        #expect(lifecycle.offers.waiting == [id(1)])
        #expect(lifecycle.grants.waitingCount == 1)
        // Nothing but its end wakes anybody.
        #expect(lifecycle.nextWake(after: second(0)) == second(60))
        HeldOffers.release(in: &lifecycle)
        #expect(lifecycle.settle(at: second(10)).step.opened.map(\.entry.id) == [id(1)])
        #expect(lifecycle.offers.waiting.isEmpty)
    }

    @Test mutating func `ends when it expires, and a revocation ends it before`() {
        HeldOffers.hold(in: &lifecycle)
        offer(makeGrant(1, expires: 60))
        offer(makeGrant(2, source: 1, expires: 90))
        _ = lifecycle.settle(at: second(0))
        let origin = RevocationOrigin(actors: ["uid:0"], comment: nil)
        let isRevoked = lifecycle.revoked(id(2), origin)
        #expect(isRevoked)
        #expect(lifecycle.settle(at: second(5)).step.endings.map(\.reason) == [.revoked])
        #expect(lifecycle.settle(at: second(60)).step.endings.map(\.reason) == [.expired])
        HeldOffers.release(in: &lifecycle)
        #expect(lifecycle.settle(at: second(61)).step.opened.isEmpty)
    }

    @Test mutating func `waits at its own time, too, if it came before`() {
        offer(makeGrant(1, notBefore: 30, expires: 60))
        _ = lifecycle.settle(at: second(0))
        HeldOffers.hold(in: &lifecycle)
        #expect(lifecycle.offers.waiting.isEmpty)
        #expect(lifecycle.settle(at: second(30)).step.opened.isEmpty)
        #expect(lifecycle.offers.waiting == [id(1)])
        HeldOffers.release(in: &lifecycle)
        HeldOffers.hold(in: &lifecycle)
        #expect(lifecycle.settle(at: second(40)).step.opened.isEmpty)
        HeldOffers.release(in: &lifecycle)
        #expect(lifecycle.settle(at: second(41)).step.opened.map(\.entry.id) == [id(1)])
    }

    @Test mutating func `ends nothing that it supersedes, as long as it waits`() {
        offer(makeGrant(1, expires: 60))
        _ = lifecycle.settle(at: second(0))
        HeldOffers.hold(in: &lifecycle)
        offer(makeGrant(2, expires: 90, supersedes: [1]))
        #expect(lifecycle.settle(at: second(10)).step.endings.isEmpty)
        #expect(lifecycle.grants[id(1)]?.phase.isOpen == true)
        HeldOffers.release(in: &lifecycle)
        #expect(lifecycle.settle(at: second(20)).step.endings.map(\.reason) == [.superseded])
    }

    @Test mutating func `is not what is open, nor what root drops`() {
        HeldOffers.hold(in: &lifecycle)
        lifecycle.restore(makeGrant(1, expires: 60), openSince: second(0), deadline: second(60))
        lifecycle.admit(makeGrant(2, source: 1, expires: 60), at: second(0))
        offer(makeGrant(3, source: 2, expires: 60))
        #expect(lifecycle.settle(at: second(0)).step.opened.map(\.entry.id) == [id(2)])
        #expect(lifecycle.grants[id(1)]?.phase.isOpen == true)
        HeldOffers.exempt(id(3), in: &lifecycle)
        #expect(lifecycle.settle(at: second(1)).step.opened.map(\.entry.id) == [id(3)])
    }
}

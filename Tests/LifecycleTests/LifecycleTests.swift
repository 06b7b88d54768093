import Grants
import Lifecycle
import Testing

/// A grant for the tests: number `id`, one source of a small world, port 22.
func makeGrant(
    _ id: Int,
    source: Int = 0,
    notBefore: Int? = nil,
    expires: Int,
    duration: Int? = nil,
    supersedes: [Int] = []
) -> Grant {
    let address = Address(family: .ipv4, value: 0xCB00_7100 + UInt128(source))
    return Grant(
        id: GrantID(value: UInt128(id)),
        hosts: [.name("*")],
        requestor: "dana",
        justification: "INC-4211",
        sources: [Prefix(address: address, length: 32)].compactMap(\.self),
        ports: [Port(number: 22, transport: .tcp)].compactMap(\.self),
        notBefore: notBefore.map(second),
        expires: second(expires),
        duration: duration.map { .seconds($0) },
        supersedes: supersedes.map { GrantID(value: UInt128($0)) }
    )
}

func second(_ number: Int) -> Moment { Moment(microseconds: Int64(number) * 1_000_000) }

func provenance(_ grant: Grant) -> GrantProvenance {
    let file = "/\(grant.id)"
    return GrantProvenance(grant: grant, digest: file, signers: [], file: file)
}

extension Lifecycle {
    mutating func admit(_ grant: Grant, at now: Moment) { received(provenance(grant), nil) }

    mutating func restore(_ grant: Grant, openSince: Moment, deadline: Moment) {
        let recorded = RecordedGrant(
            openings: grant.openings,
            since: openSince,
            deadline: deadline
        )
        restore(grant.id, digest: "/\(grant.id)", recorded)
        admit(grant, at: openSince)
    }

    /// Does all that is due, as the agent would, and returns it with what changed.
    mutating func settle(at now: Moment) -> (step: Step, changes: [Opening: Moment?]) {
        var step = step(at: now)
        recorded(step)
        return (step, carryOut(&step))
    }

    /// Does all that is due and lets what can drain do so until then.
    mutating func settle(at now: Moment, drainingUntil end: Moment) -> Step {
        var step = step(at: now)
        recorded(step)
        _ = carryOut(&step, [GrantID: Moment](step.endings.map { ($0.id, end) }) { $1 })
        return step
    }

    /// Carries a step out whose records are on disk, and records what ended.
    mutating func carryOut(
        _ step: inout Step,
        _ drains: [GrantID: Moment] = [:]
    ) -> [Opening: Moment?] {
        let changes = apply(&step, draining: drains)
        committed()
        closingsRecorded()
        return changes
    }

    /// The grants that drain, and until when.
    var drainEnds: [GrantID: Moment] {
        grants.all.reduce(into: [:]) { ends, entry in
            if case .draining(_, _, let end, _) = entry.phase.living { ends[entry.id] = end }
        }
    }

    /// The numbers of the grants that are to be warned.
    mutating func warned(at now: Moment) -> [Int] {
        takeWarnings(at: now).map { Int($0.value) }.sorted()
    }

    mutating func wake(after now: Moment) -> Moment? { nextWake(after: now) }
}

@Suite struct `A lifecycle` {
    @Test func `opens a grant at once and closes it at its deadline`() throws {
        var lifecycle = Lifecycle()
        let grant = makeGrant(1, expires: 10)
        let opening = try #require(grant.openings.first)
        lifecycle.admit(grant, at: second(0))
        let opened = lifecycle.settle(at: second(0)).changes
        #expect(opened == [opening: second(10)])
        let wake = lifecycle.nextWake(after: second(0))
        #expect(wake == second(10))
        let before = lifecycle.settle(at: Moment(microseconds: 9_999_999)).step
        #expect(before.isEmpty)
        let (step, changes) = lifecycle.settle(at: second(10))
        #expect(step.endings.map(\.reason) == [.expired])
        #expect(changes == [opening: nil])
        let none = lifecycle.nextWake(after: second(10))
        #expect(none == nil)
    }

    @Test func `closes by its lead before the deadline, and opens no earlier for it`() {
        var lifecycle = Lifecycle(lead: .milliseconds(3))
        lifecycle.admit(makeGrant(1, notBefore: 5, expires: 10), at: second(0))
        let early = lifecycle.settle(at: Moment(microseconds: 4_999_999)).step
        #expect(early.accepted.count == 1 && early.opened.isEmpty)
        _ = lifecycle.settle(at: second(5))
        let wake = lifecycle.nextWake(after: second(5))
        #expect(wake == Moment(microseconds: 9_997_000))
        let before = lifecycle.settle(at: Moment(microseconds: 9_996_999)).step
        #expect(before.isEmpty)
        let due = lifecycle.settle(at: Moment(microseconds: 9_997_000)).step
        #expect(due.endings.map(\.reason) == [.expired])
    }

    @Test func `waits for the moment before which a grant must not open`() {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(1, notBefore: 5, expires: 10), at: second(0))
        let early = lifecycle.settle(at: second(4))
        #expect(early.step.accepted.count == 1 && early.step.opened.isEmpty)
        let wake = lifecycle.nextWake(after: second(4))
        #expect(wake == second(5))
        let due = lifecycle.settle(at: second(5))
        #expect(due.step.opened.count == 1)
    }

    @Test func `counts a duration from the opening`() throws {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(1, notBefore: 5, expires: 100, duration: 2), at: second(0))
        _ = lifecycle.settle(at: second(6))
        #expect(lifecycle.grants[GrantID(value: 1)]?.phase.deadline == second(8))
    }

    @Test func `never opens a grant that expired while it waited`() {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(1, notBefore: 5, expires: 10), at: second(0))
        let step = lifecycle.settle(at: second(10)).step
        #expect(step.opened.isEmpty)
        #expect(step.endings.map(\.reason) == [.expired])
    }

    @Test func `keeps an opening that another grant still holds`() throws {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        lifecycle.admit(makeGrant(2, expires: 20), at: second(0))
        _ = lifecycle.settle(at: second(0))
        let opening = try #require(makeGrant(1, expires: 10).openings.first)
        #expect(lifecycle.held.deadline(of: opening) == second(20))
        let first = lifecycle.settle(at: second(10))
        #expect(first.changes.isEmpty)
        let last = lifecycle.settle(at: second(20))
        #expect(last.changes == [opening: nil])
    }

    @Test func `shortens an opening when the longer of two grants is revoked`() throws {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        lifecycle.admit(makeGrant(2, expires: 20), at: second(0))
        _ = lifecycle.settle(at: second(0))
        let known = lifecycle.withdrawn(GrantID(value: 2), because: .revoked)
        #expect(known)
        let (step, changes) = lifecycle.settle(at: second(1))
        #expect(step.endings.map(\.reason) == [.revoked])
        #expect(Array(changes.values) == [second(10)])
    }

    @Test func `keeps the first reason of an ending`() {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        let revoked = lifecycle.withdrawn(GrantID(value: 1), because: .revoked)
        #expect(revoked)
        let removed = lifecycle.withdrawn(GrantID(value: 1), because: .removed)
        #expect(removed)
        let ended = lifecycle.settle(at: second(11))
        #expect(ended.step.endings.map(\.reason) == [.revoked])
        let again = lifecycle.withdrawn(GrantID(value: 1), because: .removed)
        #expect(!again)
    }

    @Test func `opens by the slower time and ends by the faster`() {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(1, notBefore: 5, expires: 100), at: second(0))
        let early = lifecycle.step(at: second(50), opening: second(4))
        #expect(early.opened.isEmpty)
        lifecycle.recorded(early)
        var open = lifecycle.step(at: second(51), opening: second(5))
        #expect(open.opened.map(\.entry.id) == [GrantID(value: 1)])
        // The disk did not take it, and the clock was set back before it is tried again.
        lifecycle.notRecorded(&open, retryAt: second(52))
        let back = lifecycle.step(at: second(52), opening: second(2))
        #expect(back.isEmpty)
        let wake = lifecycle.nextWake(after: second(2))
        #expect(wake == second(5))
        let ended = lifecycle.step(at: second(100), opening: second(4))
        #expect(ended.endings.map(\.reason) == [.expired])
    }

    @Test func `sleeps until the disk is to be tried again`() {
        var lifecycle = Lifecycle()
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        var due = lifecycle.step(at: second(0))
        #expect(due.accepted.count == 1 && due.opened.count == 1)
        lifecycle.notRecorded(&due, retryAt: second(3))
        #expect(due.isEmpty && lifecycle.held.all.isEmpty)
        let postponed = lifecycle.step(at: second(2))
        #expect(postponed.opened.isEmpty)
        let wake = lifecycle.nextWake(after: second(2))
        #expect(wake == second(3))
        let again = lifecycle.settle(at: second(3))
        #expect(again.step.opened.count == 1)
    }

    @Test func `opens until the deadline that is on record, however long the record took`() throws {
        var lifecycle = Lifecycle()
        let grant = makeGrant(1, expires: 100, duration: 5)
        lifecycle.admit(grant, at: second(0))
        var step = lifecycle.step(at: second(1))
        #expect(step.opened.map(\.deadline) == [second(6)])
        lifecycle.recorded(step)
        let changes = lifecycle.apply(&step)
        #expect(changes == [try #require(grant.openings.first): second(6)])
    }

    @Test func `keeps an end until the kernel and then the disk have it`() {
        var lifecycle = Lifecycle()
        let id = GrantID(value: 1)
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        _ = lifecycle.settle(at: second(0))
        var step = lifecycle.step(at: second(10))
        _ = lifecycle.apply(&step)
        lifecycle.closingsRecorded()
        #expect(lifecycle.grants[id]?.phase == .closing(because: .expired))
        lifecycle.committed()
        #expect(lifecycle.grants[id]?.phase == .ended(because: .expired))
        let wake = lifecycle.nextWake(after: second(10))
        #expect(wake == nil && !lifecycle.grants.isLive(id))
        lifecycle.closingsRecorded()
        #expect(lifecycle.grants[id] == nil)
    }

    @Test func `holds open what the log has as open until all files were read`() throws {
        var lifecycle = Lifecycle(lead: .milliseconds(3))
        let grant = makeGrant(1, expires: 100)
        let opening = try #require(grant.openings.first)
        let recorded = RecordedGrant(
            openings: grant.openings,
            since: second(0),
            deadline: second(9)
        )
        lifecycle.restore(grant.id, digest: "", recorded)
        #expect(lifecycle.held.all == [opening: second(9)])
        #expect(lifecycle.holders(of: opening.source.address, at: opening.port).isEmpty)
        lifecycle.shutUnseen()
        #expect(lifecycle.held.all.isEmpty && lifecycle.grants.isLive(grant.id))
        lifecycle.admit(grant, at: second(1))
        #expect(lifecycle.held.all == [opening: second(9)])
        let wake = lifecycle.nextWake(after: second(1))
        #expect(wake == Moment(microseconds: 8_997_000))
    }

    @Test func `ends at its deadline what no file was read of, and what never comes at a word`()
        throws
    {
        var lifecycle = Lifecycle()
        let grant = makeGrant(1, expires: 100)
        let recorded = RecordedGrant(
            openings: grant.openings,
            since: second(0),
            deadline: second(9)
        )
        lifecycle.restore(grant.id, digest: "", recorded)
        let first = lifecycle.settle(at: second(1)).changes
        #expect(first == [try #require(grant.openings.first): second(9)])
        let (step, changes) = lifecycle.settle(at: second(9))
        #expect(step.endings.map(\.reason) == [.expired] && changes.count == 1)
        lifecycle.restore(GrantID(value: 2), digest: "", RecordedGrant(openings: []))
        let isKnown = lifecycle.revoked(
            GrantID(value: 2),
            RevocationOrigin(actors: ["uid:0"], comment: nil)
        )
        #expect(isKnown)
        let revoked = lifecycle.settle(at: second(10)).step
        #expect(revoked.endings.map(\.entry.origin?.actors) == [["uid:0"]])
    }

    @Test func `restores an open grant with the deadline that it had`() {
        var lifecycle = Lifecycle()
        let grant = makeGrant(1, expires: 100, duration: 5)
        lifecycle.restore(grant, openSince: second(1), deadline: second(6))
        let before = lifecycle.settle(at: second(5))
        #expect(before.step.isEmpty)
        let after = lifecycle.settle(at: second(6))
        #expect(after.step.endings.map(\.reason) == [.expired])
    }

    @Test func `warns of each end so long before as the leads say, and wakes for it`() {
        var lifecycle = Lifecycle()
        lifecycle.warn(ahead: [.seconds(1), .seconds(5)], at: second(0))
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        lifecycle.admit(makeGrant(2, source: 1, expires: 5), at: second(0))
        _ = lifecycle.settle(at: second(0))
        #expect(lifecycle.warned(at: second(0)) == [])
        #expect(lifecycle.wake(after: second(0)) == second(4))
        #expect(lifecycle.warned(at: second(4)) == [2])
        #expect(lifecycle.warned(at: second(4)) == [])
        _ = lifecycle.settle(at: second(5))
        #expect(lifecycle.warned(at: second(5)) == [1])
        #expect(lifecycle.wake(after: second(5)) == second(9))
        #expect(lifecycle.warned(at: second(9)) == [1])
        #expect(lifecycle.wake(after: second(9)) == second(10))
    }

    @Test func `warns nobody of a grant that has ended, and does not wake for it`() {
        var lifecycle = Lifecycle()
        lifecycle.warn(ahead: [.seconds(5)], at: second(0))
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        lifecycle.admit(makeGrant(2, expires: 20), at: second(0))
        _ = lifecycle.settle(at: second(0))
        _ = lifecycle.withdrawn(GrantID(value: 1), because: .revoked)
        _ = lifecycle.settle(at: second(1))
        #expect(lifecycle.wake(after: second(1)) == second(15))
        #expect(lifecycle.warned(at: second(14)) == [])
        #expect(lifecycle.warned(at: second(15)) == [2])
    }

    @Test func `warns once where the clock passed several moments, and never of past ones`() {
        var lifecycle = Lifecycle()
        lifecycle.warn(ahead: [.seconds(5), .seconds(3), .seconds(1)], at: second(0))
        lifecycle.admit(makeGrant(1, expires: 10), at: second(0))
        _ = lifecycle.settle(at: second(0))
        #expect(lifecycle.warned(at: second(8)) == [1])
        #expect(lifecycle.wake(after: second(8)) == second(9))
        lifecycle.warn(ahead: [.seconds(6), .seconds(2)], at: second(8))
        #expect(lifecycle.warned(at: second(8)) == [])
        #expect(lifecycle.wake(after: second(8)) == second(10))
    }

    @Test func `does not warn a grant that opens later than it would be warned`() {
        var lifecycle = Lifecycle()
        lifecycle.warn(ahead: [.seconds(5), .seconds(2)], at: second(0))
        lifecycle.admit(makeGrant(1, expires: 5), at: second(0))
        _ = lifecycle.settle(at: second(0))
        #expect(lifecycle.wake(after: second(0)) == second(3))
    }

    @Test func `sleeps on when alarms of grants that have gone pass at once`() throws {
        var lifecycle = Lifecycle()
        for (id, end) in [(1, 10), (2, 11), (3, 12)] {
            lifecycle.admit(makeGrant(id, expires: end), at: second(0))
        }
        _ = lifecycle.settle(at: second(0))
        _ = lifecycle.withdrawn(GrantID(value: 2), because: .revoked)
        _ = lifecycle.settle(at: second(1))
        _ = lifecycle.settle(at: second(100))
        let wake = lifecycle.nextWake(after: second(100))
        #expect(wake == nil)
    }
}

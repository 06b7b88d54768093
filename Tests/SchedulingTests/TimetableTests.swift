import Grants
import Scheduling
import Testing

/// A grant for the tests: number `id`, one source of a small world, port 22.
func makeGrant(
    _ id: Int,
    source: Int = 0,
    notBefore: Int? = nil,
    expires: Int,
    duration: Int? = nil
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
        duration: duration.map { .seconds($0) }
    )
}

func second(_ number: Int) -> Moment { Moment(microseconds: Int64(number) * 1_000_000) }

extension Timetable {
    /// Does all that is due, as the agent would, and returns it with what changed.
    mutating func settle(at now: Moment) -> (agenda: Agenda, changes: [Opening: Moment?]) {
        let agenda = agenda(at: now)
        return (agenda, carryOut(agenda, at: now))
    }

    /// Does all that is due and lets what can drain do so until then.
    mutating func settle(at now: Moment, drainingUntil end: Moment) -> Agenda {
        var agenda = agenda(at: now)
        agenda.drain(
            Dictionary(uniqueKeysWithValues: agenda.endings.map { ($0.scheduled.id, end) })
        )
        _ = carryOut(agenda, at: now)
        return agenda
    }

    /// The grants that drain, and until when.
    var drainEnds: [GrantID: Moment] {
        all.reduce(into: [:]) { ends, scheduled in
            if case .draining(_, _, let end) = scheduled.phase { ends[scheduled.id] = end }
        }
    }

    /// The numbers of the grants that are to be warned.
    mutating func warned(at now: Moment) -> [Int] {
        takeWarnings(at: now).map { Int($0.value) }.sorted()
    }

    mutating func wake(after now: Moment) -> Moment? { nextWake(after: now) }
}

@Suite struct `A timetable` {
    @Test func `opens a grant at once and closes it at its deadline`() throws {
        var timetable = Timetable()
        let grant = makeGrant(1, expires: 10)
        let opening = try #require(grant.openings.first)
        timetable.admit(grant, at: second(0))
        let opened = timetable.settle(at: second(0)).changes
        #expect(opened == [opening: second(10)])
        let wake = timetable.nextWake(after: second(0))
        #expect(wake == second(10))
        let before = timetable.settle(at: Moment(microseconds: 9_999_999)).agenda
        #expect(before.isEmpty)
        let (agenda, changes) = timetable.settle(at: second(10))
        #expect(agenda.endings.map(\.reason) == [.expired])
        #expect(changes == [opening: nil])
        let none = timetable.nextWake(after: second(10))
        #expect(none == nil)
    }

    @Test func `closes by its lead before the deadline, and opens no earlier for it`() {
        var timetable = Timetable(lead: .milliseconds(3))
        timetable.admit(makeGrant(1, notBefore: 5, expires: 10), at: second(0))
        let early = timetable.settle(at: Moment(microseconds: 4_999_999)).agenda
        #expect(early.isEmpty)
        _ = timetable.settle(at: second(5))
        let wake = timetable.nextWake(after: second(5))
        #expect(wake == Moment(microseconds: 9_997_000))
        let before = timetable.settle(at: Moment(microseconds: 9_996_999)).agenda
        #expect(before.isEmpty)
        let due = timetable.settle(at: Moment(microseconds: 9_997_000)).agenda
        #expect(due.endings.map(\.reason) == [.expired])
    }

    @Test func `waits for the moment before which a grant must not open`() {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, notBefore: 5, expires: 10), at: second(0))
        let early = timetable.settle(at: second(4))
        #expect(early.agenda.isEmpty)
        let wake = timetable.nextWake(after: second(4))
        #expect(wake == second(5))
        let due = timetable.settle(at: second(5))
        #expect(due.agenda.openings.count == 1)
    }

    @Test func `counts a duration from the opening`() throws {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, notBefore: 5, expires: 100, duration: 2), at: second(0))
        _ = timetable.settle(at: second(6))
        #expect(timetable[GrantID(value: 1)]?.deadline == second(8))
    }

    @Test func `never opens a grant that expired while it waited`() {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, notBefore: 5, expires: 10), at: second(0))
        let agenda = timetable.settle(at: second(10)).agenda
        #expect(agenda.openings.isEmpty)
        #expect(agenda.endings.map(\.reason) == [.expired])
    }

    @Test func `keeps an opening that another grant still holds`() throws {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, expires: 10), at: second(0))
        timetable.admit(makeGrant(2, expires: 20), at: second(0))
        _ = timetable.settle(at: second(0))
        let opening = try #require(makeGrant(1, expires: 10).openings.first)
        #expect(timetable.deadline(of: opening) == second(20))
        let first = timetable.settle(at: second(10))
        #expect(first.changes.isEmpty)
        let last = timetable.settle(at: second(20))
        #expect(last.changes == [opening: nil])
    }

    @Test func `shortens an opening when the longer of two grants is revoked`() throws {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, expires: 10), at: second(0))
        timetable.admit(makeGrant(2, expires: 20), at: second(0))
        _ = timetable.settle(at: second(0))
        let known = timetable.end(GrantID(value: 2), because: .revoked)
        #expect(known)
        let (agenda, changes) = timetable.settle(at: second(1))
        #expect(agenda.endings.map(\.reason) == [.revoked])
        #expect(Array(changes.values) == [second(10)])
    }

    @Test func `keeps the first reason of an ending`() {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, expires: 10), at: second(0))
        let revoked = timetable.end(GrantID(value: 1), because: .revoked)
        #expect(revoked)
        let removed = timetable.end(GrantID(value: 1), because: .removed)
        #expect(removed)
        let ended = timetable.settle(at: second(11))
        #expect(ended.agenda.endings.map(\.reason) == [.revoked])
        let again = timetable.end(GrantID(value: 1), because: .removed)
        #expect(!again)
    }

    @Test func `opens by the slower time and ends by the faster`() {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, notBefore: 5, expires: 100), at: second(0))
        let early = timetable.agenda(at: second(50), opening: second(4))
        #expect(early.isEmpty)
        let open = timetable.agenda(at: second(51), opening: second(5))
        #expect(open.openings.map(\.id) == [GrantID(value: 1)])
        // Set back before it was carried out.
        let back = timetable.agenda(at: second(52), opening: second(2))
        #expect(back.isEmpty)
        let wake = timetable.nextWake(after: second(2))
        #expect(wake == second(5))
        let ended = timetable.agenda(at: second(100), opening: second(4))
        #expect(ended.endings.map(\.reason) == [.expired])
    }

    @Test func `sleeps until a postponed grant is to be tried again`() {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, expires: 10), at: second(0))
        let due = timetable.agenda(at: second(0))
        #expect(due.openings.count == 1)
        timetable.postpone(GrantID(value: 1), until: second(3))
        let postponed = timetable.agenda(at: second(2))
        #expect(postponed.isEmpty)
        let wake = timetable.nextWake(after: second(2))
        #expect(wake == second(3))
        let again = timetable.settle(at: second(3))
        #expect(again.agenda.openings.count == 1)
    }

    @Test func `gives the same agenda until it is carried out`() {
        var timetable = Timetable()
        timetable.admit(makeGrant(1, expires: 10), at: second(0))
        let once = timetable.agenda(at: second(0))
        let twice = timetable.agenda(at: second(0))
        #expect(once == twice)
        let wake = timetable.nextWake(after: second(0))
        #expect(wake == second(0))
    }

    @Test func `restores an open grant with the deadline that it had`() {
        var timetable = Timetable()
        let grant = makeGrant(1, expires: 100, duration: 5)
        timetable.restore(grant, openSince: second(1), deadline: second(6))
        let before = timetable.settle(at: second(5))
        #expect(before.agenda.isEmpty)
        let after = timetable.settle(at: second(6))
        #expect(after.agenda.endings.map(\.reason) == [.expired])
    }

    @Test func `warns of each end so long before as the leads say, and wakes for it`() {
        var timetable = Timetable()
        timetable.warn(ahead: [.seconds(1), .seconds(5)], at: second(0))
        timetable.admit(makeGrant(1, expires: 10), at: second(0))
        timetable.admit(makeGrant(2, source: 1, expires: 5), at: second(0))
        _ = timetable.settle(at: second(0))
        #expect(timetable.warned(at: second(0)) == [])
        #expect(timetable.wake(after: second(0)) == second(4))
        #expect(timetable.warned(at: second(4)) == [2])
        #expect(timetable.warned(at: second(4)) == [])
        _ = timetable.settle(at: second(5))
        #expect(timetable.warned(at: second(5)) == [1])
        #expect(timetable.wake(after: second(5)) == second(9))
        #expect(timetable.warned(at: second(9)) == [1])
        #expect(timetable.wake(after: second(9)) == second(10))
    }

    @Test func `warns nobody of a grant that has ended, and does not wake for it`() {
        var timetable = Timetable()
        timetable.warn(ahead: [.seconds(5)], at: second(0))
        timetable.admit(makeGrant(1, expires: 10), at: second(0))
        timetable.admit(makeGrant(2, expires: 20), at: second(0))
        _ = timetable.settle(at: second(0))
        _ = timetable.end(GrantID(value: 1), because: .revoked)
        _ = timetable.settle(at: second(1))
        #expect(timetable.wake(after: second(1)) == second(15))
        #expect(timetable.warned(at: second(14)) == [])
        #expect(timetable.warned(at: second(15)) == [2])
    }

    @Test func `warns once where the clock passed several moments, and never of past ones`() {
        var timetable = Timetable()
        timetable.warn(ahead: [.seconds(5), .seconds(3), .seconds(1)], at: second(0))
        timetable.admit(makeGrant(1, expires: 10), at: second(0))
        _ = timetable.settle(at: second(0))
        #expect(timetable.warned(at: second(8)) == [1])
        #expect(timetable.wake(after: second(8)) == second(9))
        timetable.warn(ahead: [.seconds(6), .seconds(2)], at: second(8))
        #expect(timetable.warned(at: second(8)) == [])
        #expect(timetable.wake(after: second(8)) == second(10))
    }

    @Test func `does not warn a grant that opens later than it would be warned`() {
        var timetable = Timetable()
        timetable.warn(ahead: [.seconds(5), .seconds(2)], at: second(0))
        timetable.admit(makeGrant(1, expires: 5), at: second(0))
        _ = timetable.settle(at: second(0))
        #expect(timetable.wake(after: second(0)) == second(3))
    }

    @Test func `sleeps on when alarms of grants that have gone pass at once`() throws {
        var timetable = Timetable()
        for (id, end) in [(1, 10), (2, 11), (3, 12)] {
            timetable.admit(makeGrant(id, expires: end), at: second(0))
        }
        _ = timetable.settle(at: second(0))
        _ = timetable.end(GrantID(value: 2), because: .revoked)
        _ = timetable.settle(at: second(1))
        _ = timetable.settle(at: second(100))
        let wake = timetable.nextWake(after: second(100))
        #expect(wake == nil)
    }
}

import Grants
import Scheduling
import Testing

@Suite struct `A grant that drains` {
    let grant = makeGrant(1, expires: 10)

    /// Past its deadline at 10 s, draining until 30 s.
    func drained(lead: Duration = .zero) -> Timetable {
        var timetable = Timetable(lead: lead)
        timetable.admit(grant, at: second(0))
        _ = timetable.settle(at: second(0))
        _ = timetable.settle(at: second(10), drainingUntil: second(30))
        return timetable
    }

    @Test func `holds nothing open and ends at its limit`() {
        var timetable = drained()
        #expect(timetable.desired.isEmpty)
        #expect(timetable.openCount == 0 && timetable.drainingCount == 1)
        let wake = timetable.nextWake(after: second(10))
        #expect(wake == second(30))
        let before = timetable.settle(at: second(29)).agenda
        #expect(before.isEmpty)
        let (agenda, changes) = timetable.settle(at: second(30))
        #expect(agenda.endings.map(\.reason) == [.expired])
        #expect(agenda.endings.allSatisfy { $0.scheduled.isDraining })
        #expect(changes.isEmpty && timetable.drainingCount == 0)
        let none = timetable.nextWake(after: second(30))
        #expect(none == nil)
    }

    @Test func `ends at its limit for good, and drains no second time`() {
        var timetable = drained()
        let agenda = timetable.settle(at: second(30), drainingUntil: second(60))
        #expect(agenda.endings.count == 1 && agenda.drainings.isEmpty)
        #expect(timetable[grant.id] == nil)
    }

    @Test(arguments: [EndReason.revoked, .removed, .policy, .superseded])
    func `ends when somebody says so`(reason: EndReason) {
        var timetable = drained()
        let isKnown = timetable.end(grant.id, because: reason)
        #expect(isKnown)
        let agenda = timetable.settle(at: second(11)).agenda
        #expect(agenda.endings.map(\.reason) == [reason])
        #expect(timetable.drainingCount == 0)
    }

    @Test(arguments: [EndReason.revoked, .removed, .policy, .superseded])
    func `only drains at its deadline, not when somebody ends it`(reason: EndReason) {
        var timetable = Timetable()
        timetable.admit(grant, at: second(0))
        _ = timetable.settle(at: second(0))
        _ = timetable.end(grant.id, because: reason)
        let agenda = timetable.settle(at: second(10), drainingUntil: second(30))
        #expect(agenda.endings.map(\.reason) == [reason] && agenda.drainings.isEmpty)
    }

    @Test func `does not drain when it never opened`() {
        var timetable = Timetable()
        timetable.admit(makeGrant(2, notBefore: 5, expires: 10), at: second(0))
        let agenda = timetable.settle(at: second(10), drainingUntil: second(30))
        #expect(agenda.endings.count == 1 && agenda.drainings.isEmpty)
    }

    @Test func `can be made to end earlier, and never later`() {
        var timetable = drained(lead: .milliseconds(4))
        timetable.drain(grant.id, until: second(40))
        #expect(timetable.drainEnds == [grant.id: second(30)])
        timetable.drain(grant.id, until: second(20))
        let wake = timetable.nextWake(after: second(10))
        #expect(wake == Moment(microseconds: 19_996_000))
    }

    @Test func `leaves an opening to the grants that still hold it`() throws {
        var timetable = Timetable()
        timetable.admit(grant, at: second(0))
        timetable.admit(makeGrant(2, expires: 20), at: second(0))
        _ = timetable.settle(at: second(0))
        var agenda = timetable.agenda(at: second(10))
        agenda.drain([grant.id: second(30)])
        let changes = timetable.carryOut(agenda, at: second(10))
        #expect(changes.isEmpty)
        let opening = try #require(grant.openings.first)
        #expect(timetable.desired == [opening: second(20)])
    }

    @Test func `goes on draining after a restart`() {
        var timetable = Timetable()
        timetable.restore(
            grant,
            openSince: second(0),
            deadline: second(10),
            drainingUntil: second(30)
        )
        timetable.admit(grant, at: second(11))
        let agenda = timetable.settle(at: second(11)).agenda
        #expect(agenda.isEmpty && timetable.drainEnds == [grant.id: second(30)])
    }
}

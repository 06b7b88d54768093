package import Grants

/// What time alone brings: what ends, by the faster time, and what opens, by the slower.
extension Timetable {
    /// What has to be done at `now`; the same answer until it is done.
    ///
    /// What opens goes by `opening`, the slower time.
    package mutating func agenda(at now: Moment, opening: Moment? = nil) -> Agenda {
        let opening = opening ?? now
        collectDue(at: now, opening)
        var agenda = Agenda()
        agenda.endings.reserveCapacity(ending.count + due.count)
        for (id, reason) in ending {
            guard let scheduled = grants[id] else { continue }
            agenda.endings.append(Ending(scheduled: scheduled, reason: reason))
        }
        for id in due where ending[id] == nil {
            guard let scheduled = grants[id] else { continue }
            switch scheduled.change(dueAt: now, opening: opening, lead: lead) {
            case .end: agenda.endings.append(Ending(scheduled: scheduled, reason: .expired))
            case .open: agenda.openings.append(scheduled)
            case nil: putBack(scheduled)
            }
        }
        return agenda
    }

    private mutating func collectDue(at now: Moment, _ opening: Moment) {
        while let first = alarms.first, first.moment <= now {
            _ = alarms.takeFirst()
            if holds(first) { due.insert(first.id) }
        }
        while let first = starts.first, first.moment <= opening {
            _ = starts.takeFirst()
            if waits(first.id) { due.insert(first.id) }
        }
    }

    /// Whether an alarm is of a grant that is there, and has no other one by now.
    private func holds(_ alarm: AlarmQueue.Entry) -> Bool {
        guard let scheduled = grants[alarm.id] else { return false }
        let start = Moment(microseconds: .min)
        return retries[alarm.id] == alarm.moment
            || scheduled.change(dueAt: alarm.moment, opening: start, lead: lead) == .end
    }

    /// Whether a grant is there that is to open at its start: not one that is tried again later.
    private func waits(_ id: GrantID) -> Bool {
        guard case .waiting = grants[id]?.phase else { return false }
        return retries[id] == nil
    }

    /// The opening time was set back meanwhile.
    private mutating func putBack(_ scheduled: ScheduledGrant) {
        due.remove(scheduled.id)
        guard case .waiting(let start) = scheduled.phase else { return }
        retries[scheduled.id] = nil
        starts.add(start, scheduled.id)
    }

    /// The next moment at which there is something to do, if nothing is learned before.
    ///
    /// `timeline` says when what opens by the slower time is due.
    package mutating func nextWake(after now: Moment, on timeline: Timeline? = nil) -> Moment? {
        guard ending.isEmpty, due.isEmpty else { return now }
        let start = nextStart.map { max(now, timeline?.closing(whenOpening: $0) ?? $0) }
        return [nextChange, start, nextWarning].compactMap(\.self).min()
    }

    /// The next moment at which something ends or is tried again; what means nothing is forgotten
    /// here.
    private var nextChange: Moment? {
        mutating get {
            while let first = alarms.first {
                if holds(first) { return first.moment }
                _ = alarms.takeFirst()
            }
            return nil
        }
    }

    /// The next start of a grant, on the opening time.
    private var nextStart: Moment? {
        mutating get {
            while let first = starts.first {
                if waits(first.id) { return first.moment }
                _ = starts.takeFirst()
            }
            return nil
        }
    }
}

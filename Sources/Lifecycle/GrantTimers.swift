import Grants
import Scheduling

/// The moments at which grants end, open or are tried again, and those that have come.
///
/// Entries of grants that have another moment by now are skipped when they come up.
struct GrantTimers: Sendable {
    typealias Entries = [GrantID: Lifecycle.Entry]

    /// The time before its deadline by which an open grant is ended: as long as ending it takes.
    let lead: Duration
    /// Ends and retries, on the closing time.
    private var alarms = TimerHeap()
    /// The starts of grants, on the opening time, which may be behind.
    private var starts = TimerHeap()
    /// The moments at which grants that could not be opened are tried again.
    private var retries: [GrantID: Moment] = [:]
    /// Grants whose moment has come and that were not dealt with yet.
    private(set) var due: Set<GrantID> = []

    init(lead: Duration) {
        self.lead = lead
    }

    // MARK: changes

    mutating func start(_ id: GrantID, at start: Moment) { starts.add(start, id) }

    /// Sets the time at which a grant ends; one that holds something ends by the lead early.
    mutating func end(_ id: GrantID, at moment: Moment, early: Bool = true) {
        alarms.add(early ? moment + lead * -1 : moment, id)
    }

    /// Tries a grant again at a later moment.
    mutating func postpone(_ id: GrantID, until later: Moment) {
        due.remove(id)
        retries[id] = later
        alarms.add(later, id)
    }

    /// Tries all postponed grants at once: time went back, and later would be much later.
    mutating func retryAll() {
        due.formUnion(retries.keys)
        retries = [:]
    }

    /// Forgets the due work of a grant: it is done.
    mutating func settle(_ id: GrantID) {
        due.remove(id)
        retries[id] = nil
    }

    // MARK: due grants

    /// Collects the grants whose moment has come, and returns those that end and those that open.
    mutating func collect(
        at now: Moment,
        opening: Moment,
        of entries: Entries
    ) -> (ends: [GrantID], opens: [GrantID]) {
        while let first = alarms.first, first.moment <= now {
            _ = alarms.popFirst()
            if holds(first, entries) { due.insert(first.id) }
        }
        while let first = starts.first, first.moment <= opening {
            _ = starts.popFirst()
            if waits(first.id, entries) { due.insert(first.id) }
        }
        var (ends, opens): ([GrantID], [GrantID]) = ([], [])
        for id in due {
            guard let entry = entries[id] else {
                due.remove(id)
                continue
            }
            switch entry.change(dueAt: now, opening: opening, lead: lead) {
            case .end: ends.append(id)
            case .open: opens.append(id)
            case nil: putBack(entry)
            }
        }
        return (ends, opens)
    }

    /// Lets a grant wait again: the opening time was set back meanwhile.
    private mutating func putBack(_ entry: Lifecycle.Entry) {
        settle(entry.id)
        if let start = entry.phase.start { starts.add(start, entry.id) }
    }

    /// Returns true if an alarm is of a known grant that has no other alarm by now.
    private func holds(_ alarm: TimerHeap.Entry, _ entries: Entries) -> Bool {
        guard let entry = entries[alarm.id] else { return false }
        let start = Moment(microseconds: .min)
        return retries[alarm.id] == alarm.moment
            || entry.change(dueAt: alarm.moment, opening: start, lead: lead) == .end
    }

    /// Returns true if the grant is to open at its start: not one that is tried again later.
    private func waits(_ id: GrantID, _ entries: Entries) -> Bool {
        entries[id]?.phase.start != nil && retries[id] == nil
    }

    /// The next moment at which something ends or is tried again.
    mutating func nextChange(of entries: Entries) -> Moment? {
        let timers = self
        return alarms.first { timers.holds($0, entries) }?.moment
    }

    /// The next start of a grant, on the opening time.
    mutating func nextStart(of entries: Entries) -> Moment? {
        let timers = self
        return starts.first { timers.waits($0.id, entries) }?.moment
    }
}

extension Phase {
    /// The moment at which a grant that was not opened yet is to open.
    fileprivate var start: Moment? {
        switch self {
        case .accepted(let start), .waiting(let start): start
        default: nil
        }
    }
}

extension Lifecycle.Entry {
    fileprivate func change(dueAt now: Moment, opening: Moment, lead: Duration) -> Phase.Change? {
        phase.change(dueAt: now, opening: opening, lead: lead, expires: grant?.expires)
    }
}

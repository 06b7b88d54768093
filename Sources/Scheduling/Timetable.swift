package import Grants

/// When each grant holds: the state machine at the heart of the agent.
///
/// It decides and remembers, and does nothing else: no clock, no I/O. The agent admits and ends
/// grants as it learns of them, asks what is due, writes that down, and says here what it did. The
/// answer is the openings whose deadline changed: the difference that goes to the kernel.
package struct Timetable: Sendable {
    var grants: [GrantID: ScheduledGrant] = [:]
    /// Grants that have to end at the next agenda, whatever the time.
    var ending: [GrantID: EndReason] = [:]
    /// Grants whose moment has come and that were not dealt with yet.
    var due: Set<GrantID> = []
    private var holders: [Opening: [GrantID: Moment]] = [:]
    var alarms = AlarmQueue()
    /// When grants begin that say so, on the opening time, which may be behind.
    var starts = AlarmQueue()
    /// When grants that could not be opened are tried again.
    var retries: [GrantID: Moment] = [:]
    private var deadlines = AlarmQueue()
    var warnings = WarningSchedule()
    /// How many grants are open.
    package private(set) var openCount = 0
    let lead: Duration

    /// `lead` is how long before its deadline an open grant is ended: what ending it takes.
    ///
    /// Access then never lasts beyond the deadline because somebody woke up late.
    package init(lead: Duration = .zero) {
        self.lead = lead
    }

    // MARK: what the agent learns

    /// Takes a grant in, to open at once or at its `notBefore`.
    ///
    /// A known id changes nothing.
    package mutating func admit(_ grant: Grant, at now: Moment) {
        guard grants[grant.id] == nil else { return }
        let start = grant.notBefore ?? Moment(microseconds: .min)
        grants[grant.id] = ScheduledGrant(grant: grant, phase: .waiting(until: start))
        starts.add(start, grant.id)
        // What opens at once needs no alarm for the end of its waiting.
        if grant.notBefore != nil { alarms.add(grant.expires, grant.id) }
    }

    /// Takes in a grant that an earlier run of the agent had opened, with the deadline it had.
    package mutating func restore(_ grant: Grant, openSince: Moment, deadline: Moment) {
        guard grants[grant.id] == nil else { return }
        var ignored: [Opening: Moment?] = [:]
        open(grant, since: openSince, until: min(deadline, grant.expires), noting: &ignored)
    }

    /// Marks a grant to end at the next agenda; `false` if there is no such grant.
    ///
    /// The first reason stays.
    package mutating func end(_ id: GrantID, because reason: EndReason) -> Bool {
        guard grants[id] != nil else { return false }
        if ending[id] == nil { ending[id] = reason }
        return true
    }

    /// Tries a grant that could not be opened again at a later moment.
    package mutating func postpone(_ id: GrantID, until later: Moment) {
        guard let scheduled = grants[id], case .waiting = scheduled.phase else { return }
        due.remove(id)
        retries[id] = later
        alarms.add(min(later, scheduled.grant.expires), id)
    }

    /// Tries all postponed grants at the next agenda: time went back, and later would be much later.
    package mutating func retryAll() {
        due.formUnion(retries.keys)
        retries = [:]
    }

    // MARK: what the agent did

    /// The agenda was carried out: these openings are new or have another deadline, `nil` for none.
    package mutating func carryOut(_ agenda: Agenda, at now: Moment) -> [Opening: Moment?] {
        var before: [Opening: Moment?] = [:]
        before.reserveCapacity(agenda.endings.count + agenda.openings.count)
        for ending in agenda.endings {
            release(ending.scheduled.id, noting: &before)
        }
        for scheduled in agenda.openings {
            let deadline = scheduled.grant.deadline(openingAt: now)
            open(scheduled.grant, since: now, until: deadline, noting: &before)
        }
        var changes: [Opening: Moment?] = [:]
        changes.reserveCapacity(before.count)
        for (opening, old) in before {
            let deadline = deadline(of: opening)
            if deadline != old { changes[opening] = .some(deadline) }
        }
        return changes
    }

    private mutating func open(
        _ grant: Grant,
        since: Moment,
        until deadline: Moment,
        noting before: inout [Opening: Moment?]
    ) {
        due.remove(grant.id)
        retries[grant.id] = nil
        openCount += 1
        deadlines.add(deadline, grant.id)
        warnings.add(grant.id, until: deadline, after: since)
        grants[grant.id] = ScheduledGrant(
            grant: grant,
            phase: .open(since: since, deadline: deadline)
        )
        alarms.add(deadline + lead * -1, grant.id)
        for opening in grant.openings {
            if before[opening] == nil { before[opening] = .some(self.deadline(of: opening)) }
            holders[opening, default: [:]][grant.id] = deadline
        }
    }

    private mutating func release(_ id: GrantID, noting before: inout [Opening: Moment?]) {
        due.remove(id)
        ending[id] = nil
        retries[id] = nil
        guard let scheduled = grants.removeValue(forKey: id), scheduled.isOpen else { return }
        openCount -= 1
        for opening in scheduled.grant.openings {
            // Taken out and put back, as nearly always nobody else holds it.
            guard var others = holders.removeValue(forKey: opening) else { continue }
            if before[opening] == nil { before[opening] = .some(others.values.max()) }
            others[id] = nil
            if !others.isEmpty { holders[opening] = others }
        }
    }
}

// MARK: what holds

extension Timetable {
    /// Until when an opening is held: the latest deadline of the grants that hold it.
    package func deadline(of opening: Opening) -> Moment? {
        holders[opening]?.values.max()
    }

    /// The grants that hold an opening.
    package func holders(of opening: Opening) -> [GrantID] {
        holders[opening].map { $0.keys.sorted() } ?? []
    }

    /// The open grants that let an address in at a port.
    package func holders(of address: Address, at port: Port) -> [GrantID] {
        openings(around: address, at: port).flatMap { holders(of: $0) }
    }

    /// Whether an open grant lets an address in at a port.
    package func isHeld(_ address: Address, at port: Port) -> Bool {
        openings(around: address, at: port).contains { holders[$0] != nil }
    }

    /// The openings that let all of a network in at a port, and until when each is held.
    package func openings(covering source: Prefix, at port: Port) -> [Opening: Moment] {
        let candidates = openings(around: source.address, at: port).prefix(source.length + 1)
        return candidates.reduce(into: [:]) { $0[$1] = deadline(of: $1) }
    }

    /// Every opening that could be for an address: one a prefix length, the widest first.
    private func openings(around address: Address, at port: Port) -> some Sequence<Opening> {
        (0...address.family.bitCount).lazy.map { length in
            Opening(source: Prefix(covering: address, length: length), port: port)
        }
    }

    /// All that should be open: what the kernel's state is compared with at start and after tampering.
    package var desired: [Opening: Moment] {
        holders.compactMapValues { $0.values.max() }
    }

    package subscript(id: GrantID) -> ScheduledGrant? { grants[id] }

    /// All grants, waiting and open, in no order.
    package var all: some Collection<ScheduledGrant> { grants.values }

    /// The first deadline of an open grant; what has ended before its time is forgotten here.
    package var nextDeadline: Moment? {
        mutating get {
            while let first = deadlines.first {
                if grants[first.id]?.deadline == first.moment { return first.moment }
                _ = deadlines.takeFirst()
            }
            return nil
        }
    }
}

import Grants

/// The moments at which open grants are warned of their end: before it by each of the leads.
///
/// Of each grant only the next moment is kept, so one that comes late brings no burst.
struct WarningSchedule: Sendable {
    /// The longest first, whatever order they come in.
    let leads: [Duration]
    private var queue = TimerHeap()

    init(leads: [Duration] = []) {
        self.leads = leads.sorted(by: >)
    }

    /// Warns open grants by other leads from now on; those that have passed are left out.
    mutating func change(_ leads: [Duration], at now: Moment, of grants: EntryTable) {
        let schedule = WarningSchedule(leads: leads)
        guard schedule.leads != self.leads else { return }
        self = schedule
        for entry in grants.all {
            guard let deadline = entry.phase.deadline else { continue }
            add(entry.id, until: deadline, after: now)
        }
    }

    /// Lists the next warning of a grant, if there still is one after `moment`.
    mutating func add(_ id: GrantID, until deadline: Moment, after moment: Moment) {
        let next = leads.lazy.map { deadline + $0 * -1 }.first { $0 > moment }
        if let next { queue.add(next, id) }
    }

    /// The open grants that are to be warned now, each of them once for every lead.
    mutating func takeDue(at now: Moment, of entries: [GrantID: Lifecycle.Entry]) -> Set<GrantID> {
        var due: Set<GrantID> = []
        while let first = queue.first, first.moment <= now {
            _ = queue.popFirst()
            guard let deadline = entries[first.id]?.phase.deadline else { continue }
            add(first.id, until: deadline, after: now)
            due.insert(first.id)
        }
        return due
    }

    /// The first moment at which an open grant is warned; forgets grants that have ended.
    mutating func next(of entries: [GrantID: Lifecycle.Entry]) -> Moment? {
        queue.first { entries[$0.id]?.phase.isOpen == true }?.moment
    }
}

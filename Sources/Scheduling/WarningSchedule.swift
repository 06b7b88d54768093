package import Grants

/// When open grants are warned of their end: so long before it as the leads say.
///
/// Of each grant only the next moment is kept, so one that comes late brings no burst.
struct WarningSchedule: Sendable {
    /// The longest first, whatever order they come in.
    let leads: [Duration]
    private var queue = AlarmQueue()

    init(leads: [Duration] = []) {
        self.leads = leads.sorted(by: >)
    }

    var first: AlarmQueue.Entry? { queue.first }

    mutating func takeFirst() { _ = queue.takeFirst() }

    /// Has a grant warned the next time, if there still is one after `moment`.
    mutating func add(_ id: GrantID, until deadline: Moment, after moment: Moment) {
        let next = leads.lazy.map { deadline + $0 * -1 }.first { $0 > moment }
        if let next { queue.add(next, id) }
    }
}

extension Timetable {
    /// Has open grants warned so long before their deadlines from now on; what has passed has passed.
    package mutating func warn(ahead leads: [Duration], at now: Moment) {
        let schedule = WarningSchedule(leads: leads)
        guard schedule.leads != warnings.leads else { return }
        warnings = schedule
        for scheduled in all {
            guard let deadline = scheduled.deadline else { continue }
            warnings.add(scheduled.id, until: deadline, after: now)
        }
    }

    /// The open grants that are to be warned now, each of them once for every lead.
    package mutating func takeWarnings(at now: Moment) -> Set<GrantID> {
        var due: Set<GrantID> = []
        while let first = warnings.first, first.moment <= now {
            warnings.takeFirst()
            guard let deadline = self[first.id]?.deadline else { continue }
            warnings.add(first.id, until: deadline, after: now)
            due.insert(first.id)
        }
        return due
    }

    /// The first moment at which an open grant is warned; what has ended is forgotten here.
    var nextWarning: Moment? {
        mutating get {
            while let first = warnings.first {
                if self[first.id]?.isOpen == true { return first.moment }
                warnings.takeFirst()
            }
            return nil
        }
    }
}

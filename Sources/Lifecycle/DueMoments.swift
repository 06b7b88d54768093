package import Grants
package import Scheduling

// MARK: due moments

extension Lifecycle {
    /// The next moment at which there is something to do, if no event comes before.
    ///
    /// `timeline` says when openings by the slower time are due.
    package mutating func nextWake(after now: Moment, on timeline: Timeline? = nil) -> Moment? {
        guard ending.isEmpty, timers.due.isEmpty else { return now }
        let start = timers.nextStart(of: grants.byID).map {
            max(now, timeline?.closing(whenOpening: $0) ?? $0)
        }
        let retry = unrecorded.isEmpty ? nil : retryDue
        return [timers.nextChange(of: grants.byID), start, retry, warnings.next(of: grants.byID)]
            .compactMap(\.self).min()
    }

    /// The first deadline of an open grant; forgets grants that ended before their time.
    package var nextDeadline: Moment? {
        mutating get {
            deadlines.first { [grants] in grants[$0.id]?.phase.deadline == $0.moment }?.moment
        }
    }

    /// Warns open grants `leads` before their deadlines; warnings due in the past are left out.
    package mutating func warn(ahead leads: [Duration], at now: Moment) {
        warnings.change(leads, at: now, of: grants)
    }

    /// The open grants that are to be warned now, each of them once for every lead.
    package mutating func takeWarnings(at now: Moment) -> Set<GrantID> {
        warnings.takeDue(at: now, of: grants.byID)
    }

    /// The grants whose files were read and that let an address in at a port.
    package func holders(of address: Address, at port: Port) -> [GrantID] {
        held.holders(of: address, at: port).filter { grants.isKnown($0) }
    }
}

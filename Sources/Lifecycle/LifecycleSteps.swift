package import Grants

/// A step: the work that is due, and its outcome.
extension Lifecycle {
    /// The step that is due at `now`; openings go by `opening`, the slower time.
    ///
    /// `recorded` or `notRecorded`, and then `apply`, are to follow.
    package mutating func step(at now: Moment, opening: Moment? = nil) -> Step {
        let (ends, due) = timers.collect(at: now, opening: opening ?? now, of: grants.byID)
        let opens = offers.holdBack(due, in: grants, &timers)
        var step = Step()
        step.endings.reserveCapacity(ending.count + ends.count)
        for id in ending {
            guard let entry = grants[id], case .ending(_, let reason) = entry.phase else {
                continue
            }
            step.endings.append(Ending(entry: entry, reason: reason))
        }
        step.endings += ends.compactMap { grants[$0] }.map { Ending(entry: $0, reason: .expired) }
        step.addSuperseded(by: opens, in: grants)
        let ended = step.endings.map(\.id)
        step.accepted += unrecorded.subtracting(ended).sorted().compactMap { grants[$0] }
        for id in opens where !step.superseded.contains(id) {
            guard let entry = grants[id], let grant = entry.grant else { continue }
            let deadline = grant.deadline(openingAt: now)
            let isAccepted = !unrecorded.contains(id)
            grants.put(.opening(since: now, deadline: deadline, isAccepted: isAccepted), id)
            step.opened.append((entry, deadline))
        }
        return step
    }

    /// Notes that the first records are on disk: grants are open, with the deadline on record.
    package mutating func recorded(_ step: Step) {
        for entry in step.accepted {
            unrecorded.remove(entry.id)
            grants.change(entry.id) { $0.evidence = nil }
            if case .accepted(let start) = grants[entry.id]?.phase {
                grants.put(.waiting(start: start), entry.id)
            }
        }
        retryDue = nil
        for (entry, _) in step.opened {
            if case .opening(let since, let deadline, _) = grants[entry.id]?.phase {
                open(entry.id, since: since, until: deadline)
            }
        }
    }

    /// Notes that the disk did not take them: nothing opens, and it is tried again later.
    package mutating func notRecorded(_ step: inout Step, retryAt later: Moment) {
        retryDue = later
        for (entry, _) in step.opened { grants.put(entry.phase, entry.id) }
        for entry in step.opened.map(\.entry) + step.dropOpenings() {
            timers.postpone(entry.id, until: min(later, entry.grant?.expires ?? later))
        }
    }

    mutating func open(_ id: GrantID, since: Moment, until deadline: Moment) {
        guard let grant = grants[id]?.grant else { return }
        timers.settle(id)
        grants.put(.open(since: since, deadline: deadline), id)
        deadlines.add(deadline, id)
        warnings.add(id, until: deadline, after: since)
        timers.end(id, at: deadline)
        held.hold(grant.openings, by: id, until: deadline)
        for old in grant.supersedes { superseders[old] = id }
    }

    /// Carries the endings out; those in `drains` let their sessions go on until then.
    ///
    /// Returns the openings that have another deadline, `nil` for none: the change for the kernel.
    package mutating func apply(
        _ step: inout Step,
        draining drains: [GrantID: Moment] = [:]
    ) -> [Opening: Moment?] {
        for index in step.endings.indices {
            let ending = step.endings[index]
            let id = ending.id
            timers.settle(id)
            self.ending.remove(id)
            offers.forget(id)
            ends.add(id)
            for old in ending.entry.supersedes where superseders[old] == id {
                superseders[old] = nil
            }
            // An unseen or open grant holds something; all others hold nothing.
            held.release(ending.entry.openings, by: id)
            guard ending.mayDrain, let until = drains[id],
                case .open(let since, let deadline) = ending.phase
            else {
                unrecorded.remove(id)
                grants.put(.closing(because: ending.reason), id)
                continue
            }
            step.endings[index].drainsUntil = until
            grants.put(
                .draining(since: since, deadline: deadline, until: until, isOnRecord: false),
                id
            )
            timers.end(id, at: until)
        }
        return held.takeChanges()
    }

    /// Notes that the kernel has all that was applied, so that records may tell of it.
    package mutating func committed() { ends.committed(in: &grants) }

    /// Notes that the ends that the kernel has are on record, and forgets them.
    package mutating func closingsRecorded() { ends.recorded(in: &grants) }
}

import Auditing
import Configuration
import Enforcement
import Grants
import Linux
import Netfilter
import Scheduling

/// What is left of a grant that has ended.
struct Leftover {
    let reason: EndReason
    /// Each in the state that it was read in.
    let files: [String: FileIdentity]
}

extension Standing {
    /// What a closing will make of a grant.
    init(ending entry: AuditEntry) {
        self = .ended(digest: entry[.digest] ?? "", reason: entry[.reason] ?? "")
    }
}

/// What becomes of grants that have ended.
extension Gatekeeper {
    /// Forgets a grant that has ended, to be recorded.
    func close(_ ending: Ending, _ carried: [Opening: Traffic]) -> Leftover {
        if ending.scheduled.isDraining { return endDraining(ending) }
        let id = ending.scheduled.id
        unrecorded[id] = nil
        let order = orders.removeValue(forKey: id) ?? [:]
        closings += unrecordedUses(of: id)
        let connections = visitors.connections.removeValue(forKey: id) ?? 0
        if let facts = facts.removeValue(forKey: id) {
            let traffic = ending.scheduled.fields(carried, connections)
            let fields = order.merging(traffic) { order, _ in order }
            note(closing: .closed(facts, because: ending.reason, carried: fields), of: id)
        }
        return Leftover(reason: ending.reason, files: files.remove(id))
    }

    /// Lets a grant drain whose deadline has come, to be recorded.
    func beginDraining(_ draining: Draining, _ carried: [Opening: Traffic]) -> Leftover {
        let id = draining.scheduled.id
        let connections = visitors.connections.removeValue(forKey: id) ?? 0
        if let facts = facts[id] {
            let entry = AuditEntry.draining(
                facts,
                sessions: ongoing[id].count,
                leavingOut: ongoing.takeLeftOut(id),
                until: draining.until,
                carried: draining.scheduled.fields(carried, connections)
            )
            note(closing: entry, of: id)
        }
        // A file that is kept still ends what drains when it goes.
        let isKept = rulebook.configuration.endedFiles == .keep
        return Leftover(reason: .expired, files: isKept ? [:] : files.remove(id))
    }

    /// Forgets a grant that has drained, to be recorded.
    private func endDraining(_ ending: Ending) -> Leftover {
        let id = ending.scheduled.id
        let order = orders.removeValue(forKey: id) ?? [:]
        let (isFinished, remaining) = ongoing.takeOutcome(id)
        let reason = isFinished ? "finished" : ending.reason.rawValue
        if let facts = facts.removeValue(forKey: id) {
            closings.append(.drainEnded(facts, because: reason, cutting: remaining, order))
        }
        return Leftover(reason: ending.reason, files: files.remove(id))
    }

    /// Notes a closing, to be recorded once the kernel has carried it out.
    func note(closing entry: AuditEntry, of id: GrantID) {
        untold[id] = Standing(ending: entry)
        closings.append(entry)
        questions.revision += 1
    }

    /// Records that a grant was revoked before it came.
    func bar(_ id: GrantID, _ fields: [AuditField: [String]]) {
        let entry = AuditEntry.barred(id, fields)
        untold[id] = Standing(ending: entry)
        note(entry)
    }

    /// What is known of a grant: by the log, and what that is yet to be told.
    func standing(of id: GrantID) -> Standing? { untold[id] ?? trail.ledger[id] }

    /// Removes the files of what has ended, as policy says.
    ///
    /// While the disk takes no records only the files tell the next agent what was revoked: those of
    /// grants go then in any case, those of revocations stay.
    func removeFiles(_ left: [Leftover]) {
        let removesAll = rulebook.configuration.endedFiles == .remove
        for leftover in left
        where removesAll || trail.isWaiting && leftover.reason == .revoked {
            remove(leftover.files)
        }
        guard !trail.isWaiting else { return }
        remove(spent)
        spent = [:]
    }
}

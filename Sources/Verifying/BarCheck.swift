import Admission
import Auditing
import Grants
import Signatures

/// Checks that bars last as they were signed, and that nothing was let in that one of them selects.
struct BarCheck: Sendable {
    private var table = BarTable()

    /// Takes a revocation that has a record of its own; `revocation` is what was signed, if anything.
    mutating func take(
        _ entry: AuditEntry,
        _ revocation: Revocation?,
        by moment: Moment
    ) throws(RecordFlaw) {
        let bar: Bar?
        do throws(RecordError) {
            bar = try Bar(entry)
        } catch {
            throw RecordFlaw(.evidence, "\(error)")
        }
        if let revocation { try Self.require(bar, entry, revocation, by: moment) }
        if let bar { table.add(bar) }
    }

    /// A bar ends when that was signed, and at most seven days after the record of it.
    private static func require(
        _ bar: Bar?,
        _ entry: AuditEntry,
        _ revocation: Revocation,
        by moment: Moment
    ) throws(RecordFlaw) {
        guard let bar else {
            guard revocation.until == nil || entry[.reason] != nil else {
                throw RecordFlaw(.evidence, "what was signed is a bar, and the record has no end of it")
            }
            return
        }
        guard let until = revocation.until, bar.until <= until,
            bar.until == until || bar.until <= moment + Revocation.longestBar
        else { throw RecordFlaw(.evidence, "its JITGATE_UNTIL is not what was signed") }
    }

    /// Root gives a revocation, and the end of a bar, by command and without a file.
    static func requireRoot(_ entry: AuditEntry) throws(RecordFlaw) {
        let actors = entry.fields[.actor] ?? []
        guard !actors.isEmpty, actors.allSatisfy({ $0.utf8.starts(with: "uid:".utf8) }) else {
            throw RecordFlaw(.evidence, "it names who signed it, and no file")
        }
    }

    mutating func lift(_ entry: AuditEntry) {
        for id in Self.ids(entry) { table.remove(id) }
    }

    mutating func lift(_ entry: AuditEntry, _ unbar: Unbar) throws(RecordFlaw) {
        guard Self.ids(entry).allSatisfy(unbar.ids.contains) else {
            throw RecordFlaw(.evidence, "it ends a bar that what was signed does not name")
        }
        lift(entry)
    }

    private static func ids(_ entry: AuditEntry) -> [GrantID] {
        entry.fields[.revocationID, default: []].compactMap { try? GrantID(parsing: $0) }
    }

    /// A bar that was surely in force when a grant was let in, and that selects it.
    func bar(of grant: Grant, _ payload: SignedPayload, at moment: Moment) -> Bar? {
        let subject = RevocableGrant(
            id: grant.id,
            requestor: grant.requestor,
            sources: grant.sources,
            parties: payload.parties
        )
        return table.bar(of: subject, at: moment)
    }
}

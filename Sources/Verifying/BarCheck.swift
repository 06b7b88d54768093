import Admission
import Auditing
import Grants
import Signatures

/// Checks that bars last as they were signed, and that nothing was let in that one of them selects.
struct BarCheck: Sendable {
    private var table = BarTable()

    /// Takes a revocation with a record of its own; `revocation` is the signed file, if it is
    /// known.
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
                throw RecordFlaw(.evidence, "what was signed is a bar, and the record is of none")
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
        table.bar(of: RevocableGrant(grant, signedBy: payload.parties), at: moment)
    }
}

/// Checks the records of revocations that are wider than ids, and of bars that ended.
extension EvidenceCheck {
    /// A revocation of its own record: wider than ids, or a bar.
    mutating func checkRevocationRecord(
        _ record: Record,
        at moment: Moment
    ) throws(RecordFlaw) {
        let entry = record.entry
        guard entry[.evidence] != nil else {
            try BarCheck.requireRoot(entry)
            return try bars.take(entry, nil, by: moment + Self.tolerance)
        }
        let document = try signed(entry, at: moment)
        guard case .revocation(let revocation) = document.content else { return }
        try requireAuthority(over: revocation, document.payload, in: record)
        revocations.take(revocation, entry)
        try bars.take(entry, revocation, by: moment + Self.tolerance)
    }

    mutating func checkUnbar(_ record: Record, at moment: Moment) throws(RecordFlaw) {
        let entry = record.entry
        guard entry[.evidence] != nil else {
            try BarCheck.requireRoot(entry)
            for key in BulletinRecords.keys(in: entry) { policies.barredKeys.remove(key) }
            return bars.lift(entry)
        }
        let document = try signed(entry, at: moment)
        guard case .unbar(let unbar) = document.content else { return }
        let admission = try policies.admission(closing: record)
        try Self.require(admission?.refusal(of: unbar, signedBy: document.payload))
        try bars.lift(entry, unbar)
    }

    /// Refuses a revocation that its signers may not give, by the policy of its time if that is at
    /// hand.
    func requireAuthority(
        over revocation: Revocation,
        _ payload: SignedPayload,
        in record: Record
    ) throws(RecordFlaw) {
        var requestors: [GrantID: String] = [:]
        if payload.namespaces == [.request], revocation.isNarrow {
            // Requestors revoke their own; of the others other records tell.
            guard let grant = grantStates.revocable(record.entry) else { return }
            for id in revocation.selection.ids { requestors[id] = grant.requestor }
        }
        if let admission = try policies.admission(closing: record) {
            return try Self.require(
                admission.authorityRefusal(
                    of: revocation,
                    signedBy: payload,
                    requestors: requestors
                )
            )
        }
        guard let gap = revocation.authorityGap(signedBy: payload.signatures, requestors) else {
            return
        }
        throw RecordFlaw(.policy, "\(gap.field): \(gap.reason)")
    }

    static func require(_ refusal: Refusal?) throws(RecordFlaw) {
        guard let refusal else { return }
        throw RecordFlaw(
            .policy,
            "the policy then did not allow it: \(refusal.field): \(refusal.reason)"
        )
    }
}

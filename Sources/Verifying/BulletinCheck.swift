import Admission
import Auditing
import Grants
import Signatures

/// Checks the records of what bulletins revoke: signed by somebody who might then, for this host's fleet.
extension EvidenceCheck {
    mutating func checkBulletin(_ record: Record, at moment: Moment) throws(RecordFlaw) {
        let entry = record.entry
        guard entry[.evidence] != nil else {
            throw RecordFlaw(.evidence, "an accepted bulletin without its file")
        }
        let document = try signed(entry, at: moment)
        guard case .bulletin(let bulletin) = document.content else { return }
        let admission = try policies.admission(closing: record)
        try Self.require(admission?.refusal(of: bulletin, signedBy: document.payload))
        let grants = BulletinRecords.grants(in: entry)
        let keys = BulletinRecords.keys(in: entry)
        let named = Set(bulletin.revokedGrants)
        guard grants.count + keys.count == entry.fields[.revokes, default: []].count,
            grants.allSatisfy(named.contains),
            Set(bulletin.revokedKeys).isSuperset(of: keys)
        else { throw RecordFlaw(.evidence, "its JITGATE_REVOKES is not what was signed") }
        revocations.take(bulletin.selection, entry)
        grantStates.revoke(grants)
        for key in keys { policies.barredKeys.insert(key) }
    }
}

extension Bulletin {
    /// All that it revokes, as a revocation of its own would.
    fileprivate var selection: RevocationSelection {
        var selection = RevocationSelection(ids: revokedGrants)
        selection.keys = revokedKeys
        return selection
    }
}

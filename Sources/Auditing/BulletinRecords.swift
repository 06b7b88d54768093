package import Grants

/// The records of what bulletins revoke, and of keys that root lifted.
package enum BulletinRecords {
    /// A bulletin revokes grants and keys that no other did; they are `revoked`.
    ///
    /// `refusal` is the reason that not all of its keys could be kept.
    package static func accepted(
        _ bulletin: Bulletin,
        revoking revoked: RevocationSelection,
        refusal: String? = nil,
        by source: AuditEntry.RevocationSource
    ) -> AuditEntry {
        var fields = source.fields(bulletin.title)
        fields[.fleet] = [bulletin.fleet]
        fields[.issued] = [bulletin.issued.description]
        fields[.expires] = [bulletin.expires.description]
        fields[.revokes] = revoked.texts
        fields[.reason] = refusal.map { [$0] } ?? []
        let (grants, keys) = (revoked.ids.count, revoked.keys.count)
        let counts = [
            grants == 0 ? nil : grants.counting("grant"), keys == 0 ? nil : keys.counting("key"),
        ]
        let news = counts.compactMap(\.self).joined(separator: " and ")
        let refused = refusal.map { "; not all keys are kept: \($0)" } ?? ""
        return AuditEntry(
            .bulletinAccepted,
            "The \(bulletin.title) revokes \(news.isEmpty ? "keys" : news)\(refused)",
            fields: fields
        )
    }

    /// Root lifted the revocation of keys, against all bulletins issued until `issued`, or until now.
    package static func lifted(
        _ keys: [String],
        because reason: String,
        against issued: Moment?,
        by source: AuditEntry.RevocationSource
    ) -> AuditEntry {
        var selection = RevocationSelection()
        selection.keys = keys
        var fields = source.fields(reason)
        fields[.revokes] = selection.texts
        fields[.issued] = issued.map { [$0.description] } ?? []
        let text = "Lifted the revocation of \(selection.summary): \(reason)"
        return AuditEntry(.barLifted, text, fields: fields)
    }

    /// The grants that the record of a bulletin says it revokes.
    package static func grants(in entry: AuditEntry) -> [GrantID] {
        revoked("grant:", entry).compactMap { try? GrantID(parsing: $0) }
    }

    /// The fingerprints of the keys that the record of a bulletin says it revokes, or that root lifted.
    package static func keys(in entry: AuditEntry) -> [String] {
        revoked("key:", entry).compactMap { try? RevocationSelection.fingerprint($0) }
    }

    /// The moment at which the bulletin of a record was issued.
    package static func issued(in entry: AuditEntry) -> Moment? {
        entry[.issued].flatMap { try? Moment(parsing: $0) }
    }

    private static func revoked(_ kind: String, _ entry: AuditEntry) -> [String] {
        entry.fields[.revokes, default: []].filter { $0.utf8.starts(with: kind.utf8) }
            .map { String($0.dropFirst(kind.count)) }
    }
}

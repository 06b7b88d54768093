import Auditing
import Grants

/// Checks that whoever is said to have signed a revocation did.
struct RevocationCheck {
    /// So many records may wait for the one with the file.
    private static let limit = 65_536

    private struct Waiting {
        let record: UInt64
        let digest: String
        let id: GrantID?
    }

    /// The grants of each revocation that a record carried, by its SHA-256.
    private var known: [String: [GrantID]] = [:]
    private var waiting: [Waiting] = []

    mutating func take(_ revocation: Revocation, _ entry: AuditEntry) {
        guard let digest = entry[.revocation] else { return }
        known[digest] = revocation.ids
    }

    /// One of the records that a revocation brought about carries it, not always the first.
    mutating func require(_ record: Record) throws(RecordFlaw) {
        let entry = record.entry
        guard let digest = entry[.revocation] else {
            guard entry.fields[.actor]?.contains(where: Self.isSigner) != true else {
                throw RecordFlaw(.evidence, "it names who signed its revocation, and no file")
            }
            return
        }
        if let ids = known[digest] {
            guard entry.isAbout(oneOf: ids) else {
                throw RecordFlaw(.evidence, "the revocation that it names is not of this grant")
            }
        } else if waiting.count < Self.limit {
            waiting.append(Waiting(record: record.sequence, digest: digest, id: entry.grantID))
        }
    }

    /// By its bytes: what combines with the colon would make another character of it.
    private static func isSigner(_ actor: String) -> Bool {
        actor.utf8.starts(with: "signer:".utf8)
    }

    /// All records were taken: what is still waited for is not there.
    var flaws: [LogFlaw] {
        waiting.compactMap { one in
            let ids = known[one.digest]
            guard ids.map({ $0.contains { $0 == one.id } }) != true else { return nil }
            let flaw =
                ids == nil
                ? RecordFlaw(.unaccepted, "no record carries the revocation that it names")
                : RecordFlaw(.evidence, "the revocation that it names is not of this grant")
            return flaw.flaw(of: one.record)
        }
    }
}

import Admission
import Auditing
import Grants

/// The revocations of a bulletin that no other one had.
///
/// The same bulletin may come any number of times, and older ones between: neither is worth a record,
/// nor a look at all grants.
struct BulletinNews {
    /// The grants and keys that a bulletin revokes first.
    struct Found {
        let grants: [GrantID]
        /// The keys that are kept.
        let keys: [String]
        /// Keys for which there is no room.
        let overflow: [String]

        var refusal: String? {
            overflow.isEmpty
                ? nil
                : "keys-full: the host keeps \(FleetRevocations.keyLimit) revoked keys already"
        }

        /// True if it revokes nothing for good.
        var isOverflowAlone: Bool { grants.isEmpty && keys.isEmpty }
    }

    private static let idLimit = 16_384

    /// Grants that are known to be revoked; forgetting costs another look.
    private var known: Set<GrantID> = []

    /// Finds what is new in a bulletin, besides the keys that are barred; `nil` if nothing is.
    mutating func take(
        _ bulletin: Bulletin,
        knowing fleet: FleetRevocations,
        barred: BarredKeys,
        isNews: (GrantID) -> Bool
    ) -> Found? {
        let grants = bulletin.revokedGrants.filter {
            !known.contains($0) && fleet.ending[$0] == nil && isNews($0)
        }
        if known.count + bulletin.revokedGrants.count > Self.idLimit { known = [] }
        known.formUnion(bulletin.revokedGrants)
        let keys = bulletin.revokedKeys.filter {
            !barred.fingerprints.contains($0) && fleet.isNews($0, issued: bulletin.issued)
        }
        guard !grants.isEmpty || !keys.isEmpty else { return nil }
        let room = max(0, FleetRevocations.keyLimit - fleet.keys.count)
        return Found(
            grants: grants,
            keys: Array(keys.prefix(room)),
            overflow: Array(keys.dropFirst(room))
        )
    }
}

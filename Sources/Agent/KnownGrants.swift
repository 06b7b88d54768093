import Admission
import Auditing
import Grants

/// The known state of grants: by the log, and by events that are not on record yet.
struct KnownGrants {
    var grantState: (GrantID) -> GrantState? = { _ in nil }
    /// Those that a grant supersedes and that are live.
    var superseded: (Grant) -> [GrantID: SupersededGrant] = { _ in [:] }
    /// The requestor of a live grant.
    var requestor: (GrantID) -> String? = { _ in nil }
    var bars = BarTable()
    var barredKeys = BarredKeys()
    /// The grant that a review in a file of this SHA-256 is of.
    var review: (Review, String) -> ReviewSubject = { _, _ in .unknown }

    /// Returns true if a revocation has taken effect; one that is in force as a bar has not ended.
    func isOver(_ revocation: Revocation, _ digest: String) -> Bool {
        revocation.isOver(digest, isKnown: { grantState($0) != nil }, bar: { bars[$0] })
    }
}

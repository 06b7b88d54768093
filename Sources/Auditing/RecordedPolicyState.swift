package import Grants

/// The state of the policy in force by the records, unless it is just the file on disk.
package enum RecordedPolicyState: Hashable, Sendable {
    /// `policy` is in force until the moment, and then `fallback` comes back.
    case onTrial(policy: String, until: Moment, fallback: String)
    /// `policy` is in force, since what lies on disk was not confirmed: `rejected`, a SHA-256.
    case rolledBack(policy: String, rejected: String)

    /// `nil` for a policy that was loaded outright.
    init?(_ entry: AuditEntry) throws(RecordError) {
        if entry[.deadline] != nil {
            self = .onTrial(
                policy: try entry.required(.evidence),
                until: try entry.deadline(),
                fallback: try entry.required(.fallback)
            )
        } else if let rejected = entry[.rejected] {
            self = .rolledBack(policy: try entry.required(.evidence), rejected: rejected)
        } else {
            return nil
        }
    }
}

import Auditing
import Grants
import Linux

/// Grants that have to end because somebody said so.
struct PendingRevocation: Sendable {
    let ids: [GrantID]
    /// Who said so and why, as their records tell it.
    let fields: [AuditField: [String]]
    /// The revocation's file, which has done its work then.
    let file: AdmittedRevocation?
}

/// The file of a signed revocation.
struct AdmittedRevocation: Hashable, Sendable {
    let path: String
    let digest: String
    let state: FileIdentity
}

extension PendingRevocation {
    /// What the record of a closed grant takes over: all else it says of itself.
    static func orders(
        _ fields: [AuditField: [String]]
    ) -> [AuditField: [String]] {
        fields.filter { [.actor, .comment, .revocation].contains($0.key) || $0.key.isEvidence }
    }
}

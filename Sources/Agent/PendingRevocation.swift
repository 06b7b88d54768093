import Auditing
import Grants
import Lifecycle

/// Grants that have to end because somebody said so.
struct PendingRevocation: Sendable {
    let ids: [GrantID]
    var reason = EndReason.revoked
    /// Who said so and why.
    let origin: RevocationOrigin
    /// The revocation's file, which has done its work then.
    var file: AdmittedRevocation?

    /// What the record of a grant says that is revoked before it came.
    func fields(_ origin: RevocationOrigin) -> [AuditField: [String]] {
        var fields = origin.fields
        guard let file else { return fields }
        fields[.digest] = [file.digest]
        fields[.signers] = file.signers
        fields[.file] = [file.arrival.path]
        if let policy = self.origin.evidence?.policyDigest { fields[.policyDigest] = [policy] }
        return fields
    }
}

/// The file of a signed revocation.
struct AdmittedRevocation: Hashable, Sendable {
    let arrival: ArrivalOrigin
    let digest: String
    let signers: [String]
}

extension RevocationOrigin {
    /// What the record of the end takes over: all else it says of itself.
    var fields: [AuditField: [String]] {
        var fields: [AuditField: [String]] = [.actor: actors]
        if let comment { fields[.comment] = [comment] }
        if let revocation { fields[.revocation] = [revocation] }
        if let evidence { fields.merge(evidence.fields.filter { $0.key.isEvidence }) { $1 } }
        return fields
    }
}

extension Evidence {
    /// What the record carries that the file is needed to prove.
    var fields: [AuditField: [String]] {
        AuditEntry.evidence(file, signedBy: signerLines, under: policyDigest)
    }
}

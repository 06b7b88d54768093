import Admission
import Auditing
import Grants
import Lifecycle
import Signatures

/// Grants that have to end because of a revocation.
struct PendingRevocation: Sendable {
    let selection: RevocationSelection
    let match: RevocationMatch
    var reason = EndReason.revoked
    /// The people who revoked, and their reason.
    let origin: RevocationOrigin
    /// The revocation's file, which has done its work then.
    var file: AdmittedRevocation?
    /// The record of a revocation that is wider than ids; `nil` for others, and once it is on
    /// record.
    var notice: Notice?
    /// The grants that it ended.
    var ended: [GrantID] = []

    /// The record of a revocation that is wider than ids.
    struct Notice: Sendable {
        let id: GrantID?
        /// The end of the bar, if it is one.
        let until: Moment?
        /// The reason that it is no bar although it is to be one.
        let refusal: String?
    }

    init(
        _ selection: RevocationSelection,
        reason: EndReason = .revoked,
        origin: RevocationOrigin,
        file: AdmittedRevocation? = nil,
        notice: Notice? = nil
    ) {
        self.selection = selection
        match = RevocationMatch(selection)
        (self.reason, self.origin, self.file, self.notice) = (reason, origin, file, notice)
    }

    /// True if it does no more than end grants by their ids.
    var isNarrow: Bool { notice == nil && selection.isOfIDsAlone }

    /// The bar that holds from now on.
    var bar: Bar? {
        guard let id = notice?.id, let until = notice?.until else { return nil }
        return Bar(
            id: id,
            digest: file?.digest,
            selection: selection,
            until: until,
            reason: origin.comment ?? "",
            actors: origin.actors
        )
    }

    /// The record of a revocation that is wider than ids.
    var record: AuditEntry? {
        guard let notice else { return nil }
        return .revoked(
            selection,
            id: notice.id,
            until: notice.until,
            refusal: notice.refusal,
            because: origin.comment ?? "",
            by: .init(
                actors: origin.actors,
                digest: file?.digest,
                file: file?.arrival.path,
                evidence: origin.evidence?.fields ?? [:]
            )
        )
    }

    /// The fields in the record of a grant that is revoked before it came.
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
    /// The fields that the record of the end takes over.
    var fields: [AuditField: [String]] {
        var fields: [AuditField: [String]] = [.actor: actors]
        if let comment { fields[.comment] = [comment] }
        if let revocation { fields[.revocation] = [revocation] }
        // The certificates in a record of a grant are those of its own signers.
        if let evidence { fields.merge(evidence.fields.filter { $0.key != .certificates }) { $1 } }
        return fields
    }
}

extension Evidence {
    /// That of a file which is no grant, with the certificates of those who signed it.
    init(_ file: ReadFile, _ signed: SignedPayload, under policy: LoadedPolicy) {
        self.init(
            file: file.arrival.bytes,
            signerLines: signed.signerLines,
            certificates: signed.certificates,
            policyDigest: policy.policy.digest
        )
    }

    /// The fields with which a record proves what the file said.
    var fields: [AuditField: [String]] {
        AuditEntry.evidence(
            file,
            signedBy: signerLines,
            certified: certificates,
            under: policyDigest
        )
    }
}

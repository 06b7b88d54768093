import Admission
import AgentInterface
import Auditing
import AgentSettings
import Grants
import Lifecycle
import Linux
import Signatures

/// Reviews of break-glass grants.
extension Submissions {
    /// The known grants, by which files are judged besides the rules.
    var known: KnownGrants {
        KnownGrants(
            grantState: grants.grantState(of:),
            superseded: grants.superseded(by:),
            requestor: grants.requestor(of:),
            bars: grants.bars,
            barredKeys: grants.barredKeys,
            review: reviewSubject
        )
    }

    /// The grant that a review in a file of this SHA-256 is of.
    func reviewSubject(of review: Review, inFile digest: String) -> ReviewSubject {
        guard let glass = audit.logState.breakGlass[review.grant] else {
            return grants.grantState(of: review.grant) == nil ? .unknown : .unalarmed
        }
        switch audit.review(of: glass) {
        case nil: return .awaited(people: audit.people(of: glass))
        // The file did its work and is kept.
        case digest: return .awaited(people: [])
        default: return .reviewed
        }
    }

    func take(_ review: Review, _ signed: SignedPayload, in file: ReadFile) {
        let path = file.arrival.origin.path
        if case .file = file.arrival.origin { grants.forget(path) }
        if let glass = audit.logState.breakGlass[review.grant], audit.review(of: glass) == nil {
            let signers = signed.approvals.map(\.principal)
            let fields = Evidence(file, signed, under: policy.loaded).fields
            audit.note(.reviewed(review, by: signers, inFile: path, of: file.digest, fields))
        }
        accept(file, of: [review.grant])
    }

    /// Removes the file of a revocation or review that took effect, as policy says; offers stay.
    func removeHandled(_ origin: ArrivalOrigin) {
        guard policy.configuration.endedFiles == .remove, case .file(let path, let state) = origin
        else { return }
        cleanup.removeOnRecord([path: state])
    }
}

extension AuditWriter {
    /// The SHA-256 of the review of a break-glass grant that is on record, or waits for the disk.
    func review(of glass: BreakGlassGrant) -> String? {
        glass.review ?? unwrittenReview(of: glass.grant.id)
    }

    /// The requestor and the signers of a break-glass grant: by its file, or by the names on record if
    /// that is not kept.
    func people(of glass: BreakGlassGrant) -> [SignerIdentity] {
        let live = glass.grant
        return SignedPayload.people(
            inFile: evidence(of: live.digest),
            signersBy: signerLines(of: live.digest),
            at: live.acceptedAt,
            under: live.rules,
            askingFor: live.requestor,
            orNamed: live.fields[.signers] ?? []
        )
    }
}

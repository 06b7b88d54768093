package import Grants
package import Signatures

/// The knowledge of a grant by which a review of it is judged.
package enum ReviewSubject: Hashable, Sendable {
    /// No such grant is on record.
    case unknown
    /// It was let in by the signatures that policy demands, or it is one of too long ago.
    case unalarmed
    /// A break-glass grant by these people, its requestor and its signers.
    case awaited(people: [SignerIdentity])
    /// Another review covers it.
    case reviewed
}

extension Admission {
    /// The reason that a review does not count on this host, or `nil`.
    package func refusal(
        of review: Review,
        signedBy payload: SignedPayload,
        about subject: ReviewSubject
    ) -> Refusal? {
        if let refusal = refusal(of: review.hosts, signedBy: payload) { return refusal }
        let fault: (field: String, reason: String, remedy: String)
        switch subject {
        case .unknown:
            fault = (
                "grant", "no grant of this id is on record here",
                "compare it with `jitgate list --all`"
            )
        case .unalarmed:
            fault = (
                "grant", "it was no break-glass grant, or is one of long ago", "it needs no review"
            )
        case .reviewed:
            fault = ("grant", "another review of it is on record", "it needs no more")
        case .awaited(let people):
            guard let name = involved(payload, in: people) else { return nil }
            fault = (
                "signatures",
                "\(name.debugDescription) is or may be the requestor or a signer of it",
                "have somebody else review it"
            )
        }
        return Refusal(
            rule: "review",
            field: fault.field,
            reason: fault.reason,
            remedy: fault.remedy
        )
    }

    /// The first of the signers who count that is one of these people.
    private func involved(_ payload: SignedPayload, in people: [SignerIdentity]) -> String? {
        payload.approvals.first { approval in
            signatures.objection(to: approval) == nil
                && people.contains { $0.isSamePerson(as: approval.signer) }
        }?.principal
    }
}

extension SignedPayload {
    /// The people behind a grant: its requestor, and all who signed it.
    package func people(askingFor requestor: String) -> [SignerIdentity] {
        [SignerIdentity(named: requestor)] + signatures.map(\.signer)
    }

    /// The same of a file that was admitted at a time by some lines of allowed_signers; if either is
    /// not kept, by the names on record.
    package static func people(
        inFile file: [UInt8]?,
        signersBy lines: [UInt8]?,
        at moment: Moment,
        under rules: RulesVersion,
        askingFor requestor: String,
        orNamed names: [String]
    ) -> [SignerIdentity] {
        guard let file, let lines, let signers = try? AllowedSigners(parsing: lines),
            let payload = try? SignatureVerifier(allowedSigners: signers)
                .verify(file, at: moment, under: rules)
        else { return ([requestor] + names).map(SignerIdentity.init(named:)) }
        return payload.people(askingFor: requestor)
    }
}

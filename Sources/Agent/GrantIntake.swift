import Admission
import Auditing
import Grants
import Linux
import Signatures

/// Turns a file into a verdict: signature, syntax, policy, in that order.
///
/// It changes nothing and remembers nothing; what the log knows of the grant is an argument.
struct GrantIntake: Sendable {
    /// No grant file is larger: the payload's bound and sixteen armored signatures.
    static let fileLimit = 256 * 1024

    /// The result of judging a file.
    enum Verdict: Sendable {
        /// The grant, and the lines of allowed_signers that its signatures rest on.
        case admitted(GrantProvenance, signerLines: [String])
        /// A well-formed grant that policy does not allow.
        case denied(GrantProvenance, Refusal)
        /// A revocation, and its signatures.
        case revocation(Revocation, SignedPayload)
        /// A review of a break-glass grant, and its signatures.
        case review(Review, SignedPayload)
        /// The end of bars, and its signatures.
        case unbar(Unbar, SignedPayload)
        /// A bulletin of this host's fleet, and its signatures.
        case bulletin(Bulletin, SignedPayload)
        /// A file without any statement of an allowed signer, or none that can be understood.
        case refused(code: String, reason: String)
    }

    /// A file that could be read, and the known facts about it.
    struct Arrival: Sendable {
        let origin: ArrivalOrigin
        let bytes: [UInt8]
        /// The moment at which its signers had to be allowed.
        let signedAt: Moment
        let now: Moment
        /// The same by the slower clock.
        let opening: Moment
        /// The rules that let the grant in, where those of now may not end it.
        let earlierRules: RulesVersion?
    }

    /// The statement of an allowed signer in a file, which can be read without knowledge of other
    /// files.
    enum Statement: Sendable {
        case said(SignedDocument)
        case nothing(code: String, reason: String)
    }

    /// The same by the rules of now and by those that let a live grant in.
    struct Statements: Sendable {
        let current: Statement
        let earlier: Statement?
    }

    let verifier: SignatureVerifier
    let admission: Admission

    /// Reads one file: its signatures, then its syntax.
    func read(_ arrival: Arrival) -> Statements {
        Statements(
            current: read(arrival, under: .current),
            earlier: arrival.earlierRules.map { read(arrival, under: $0) }
        )
    }

    private func read(_ arrival: Arrival, under rules: RulesVersion) -> Statement {
        do throws(DocumentError) {
            return .said(
                try SignedDocument(
                    arrival.bytes,
                    signersBy: verifier,
                    at: arrival.signedAt,
                    under: rules
                )
            )
        } catch {
            return .nothing(code: error.code, reason: "\(error)")
        }
    }

    /// Judges the content of a file by the known state of the grants that it names.
    func judge(
        _ statements: Statements,
        of arrival: Arrival,
        knowing known: KnownGrants
    ) -> Verdict {
        let verdict = judge(statements.current, of: arrival, under: .current, known)
        guard let rules = arrival.earlierRules, let said = statements.earlier, !verdict.isAdmitted
        else { return verdict }
        let earlier = judge(said, of: arrival, under: rules, known)
        return earlier.isAdmitted ? earlier : verdict
    }

    private func judge(
        _ statement: Statement,
        of arrival: Arrival,
        under rules: RulesVersion,
        _ known: KnownGrants
    ) -> Verdict {
        let document: SignedDocument
        switch statement {
        case .said(let said): document = said
        case .nothing(let code, let reason): return .refused(code: code, reason: reason)
        }
        let payload = document.payload
        let admission = admission(known)
        switch document.content {
        case .revocation(let revocation):
            return judge(revocation, payload, at: arrival.now, known)
        case .unbar(let unbar):
            let refusal = admission.refusal(of: unbar, signedBy: payload)
            return refusal.map(Verdict.refused) ?? .unbar(unbar, payload)
        case .bulletin(let bulletin):
            let refusal = admission.refusal(of: bulletin, signedBy: payload)
            return refusal.map(Verdict.refused) ?? .bulletin(bulletin, payload)
        case .review(let review):
            let subject = known.review(review, payload.sha256)
            let refusal = admission.refusal(of: review, signedBy: payload, about: subject)
            return refusal.map(Verdict.refused) ?? .review(review, payload)
        case .grant(let grant):
            let parties = payload.parties
            let judgement = admission.judge(
                grant,
                signedBy: payload,
                history: GrantHistory(known.grantState(grant.id)),
                superseding: known.superseded(grant),
                barredBy: known.bars.bar(
                    of: RevocableGrant(grant, signedBy: parties),
                    at: arrival.opening
                ),
                at: arrival.now,
                under: rules
            )
            let alarm = alarm(of: judgement, known.grantState(grant.id)?.live)
            let facts = GrantProvenance(
                grant: grant,
                digest: payload.sha256,
                signers: payload.approvals.map(\.principal),
                approvers: judgement.approvers(of: payload),
                breakGlass: alarm.approvers,
                certificates: payload.certificates,
                parties: parties,
                file: arrival.origin.path,
                origin: arrival.origin.kind
            )
            return (judgement.refusals.first ?? alarm.refusal).map { .denied(facts, $0) }
                ?? .admitted(facts, signerLines: payload.signerLines)
        }
    }

    /// The alarm by which a grant is let in; that is decided when it is accepted, and a live grant that
    /// was let in otherwise is refused.
    private func alarm(
        of judgement: Judgement,
        _ live: LiveGrant?
    ) -> (approvers: [String], refusal: Refusal?) {
        guard let live else { return (judgement.breakGlass?.approvers ?? [], nil) }
        let recorded = live.fields[.breakGlass] ?? []
        return (recorded, recorded.isEmpty ? judgement.breakGlass?.waived : nil)
    }

    /// The rules of policy, by the keys that count now.
    private func admission(_ known: KnownGrants) -> Admission {
        var admission = admission
        admission.barredKeys = known.barredKeys
        return admission
    }

    private func judge(
        _ revocation: Revocation,
        _ payload: SignedPayload,
        at now: Moment,
        _ known: KnownGrants
    ) -> Verdict {
        let ids = revocation.selection.ids
        let requestors = Dictionary(
            uniqueKeysWithValues: ids.compactMap { id in known.requestor(id).map { (id, $0) } }
        )
        let refusal = admission(known).refusal(
            of: revocation,
            signedBy: payload,
            requestors: requestors,
            at: now
        )
        if let refusal { return .refused(refusal) }
        guard !known.isOver(revocation, payload.sha256) else { return .refused(.over) }
        return .revocation(revocation, payload)
    }
}

extension GrantIntake.Verdict {
    fileprivate static func refused(_ refusal: Refusal) -> Self {
        .refused(code: refusal.rule, reason: "\(refusal)")
    }

    /// True if a file said no more than what a bulletin does, or nothing.
    var mayBeBulletin: Bool {
        switch self {
        case .bulletin, .refused: true
        default: false
        }
    }

    fileprivate var isAdmitted: Bool {
        if case .admitted = self { true } else { false }
    }
}

extension GrantHistory {
    init(_ grantState: GrantState?) {
        switch grantState {
        case nil: self = .unseen
        case .accepted(let grant): self = .live(sha256: grant.digest, openSince: nil)
        case .open(let grant, let since, _): self = .live(sha256: grant.digest, openSince: since)
        case .ended(_, let reason): self = .ended(reason: reason)
        case .unreadable(let why): self = .unreadable(why: why)
        }
    }
}

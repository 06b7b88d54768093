import Admission
import Auditing
import Grants
import Linux
import Signatures

/// Turns a file into a verdict: signature, syntax, policy, in that order.
///
/// It changes nothing and remembers nothing; what the log knows of the grant is an argument.
struct Reception: Sendable {
    /// No grant file is larger: the payload's bound and sixteen armored signatures.
    static let fileLimit = 256 * 1024

    /// What a file turned out to be.
    enum Verdict: Sendable {
        /// What it says, and the lines of allowed_signers that admitted it.
        case admitted(GrantFacts, signerLines: [String])
        /// A well-formed grant that policy does not allow.
        case denied(GrantFacts, Refusal)
        /// A revocation of these grants, the principals who signed it, and their lines.
        case revocation(Revocation, signers: [String], signerLines: [String])
        /// Nothing that an allowed signer said, or nothing that can be understood.
        case refused(code: String, reason: String)
    }

    /// A file that could be read, and what is known of it.
    struct Arrival: Sendable {
        let path: String
        let bytes: [UInt8]
        /// The moment at which its signers had to be allowed.
        let signedAt: Moment
        let now: Moment
    }

    /// What an allowed signer said in a file; to find that out takes no knowledge of any other.
    enum Statement: Sendable {
        case grant(Grant, SignedPayload)
        case revocation(Revocation, SignedPayload)
        case nothing(code: String, reason: String)
    }

    let verifier: SignatureVerifier
    let admission: Admission

    /// Reads one file: its signatures, then its syntax.
    func read(_ arrival: Arrival) -> Statement {
        let payload: SignedPayload
        do throws(SignatureError) {
            payload = try verifier.verify(arrival.bytes, at: arrival.signedAt)
        } catch {
            return .nothing(code: error.code.rawValue, reason: "\(error)")
        }
        do throws(GrantSyntaxError) {
            switch payload.namespace {
            case .grant: return .grant(try Grant(parsing: payload.bytes), payload)
            case .revocation: return .revocation(try Revocation(parsing: payload.bytes), payload)
            }
        } catch {
            return .nothing(code: error.code.rawValue, reason: "\(error)")
        }
    }

    /// Judges what a file says; `standing` says what the log knows of a grant id.
    func judge(
        _ statement: Statement,
        of arrival: Arrival,
        standing: (GrantID) -> Standing?
    ) -> Verdict {
        switch statement {
        case .grant(let grant, let payload):
            judge(grant, payload, arrival, GrantHistory(standing(grant.id)))
        case .revocation(let revocation, let payload): judge(revocation, payload)
        case .nothing(let code, let reason): .refused(code: code, reason: reason)
        }
    }

    private func judge(
        _ grant: Grant,
        _ payload: SignedPayload,
        _ arrival: Arrival,
        _ history: GrantHistory
    ) -> Verdict {
        let judgement = admission.judge(
            grant,
            signedBy: payload,
            history: history,
            at: arrival.now
        )
        let facts = GrantFacts(
            grant: grant,
            digest: payload.sha256,
            signers: payload.approvals.map(\.principal),
            file: arrival.path
        )
        let lines = payload.approvals.map(\.line)
        return judgement.refusals.first.map { .denied(facts, $0) }
            ?? .admitted(facts, signerLines: lines)
    }

    private func judge(_ revocation: Revocation, _ payload: SignedPayload) -> Verdict {
        if let refusal = admission.refusal(of: revocation) {
            return .refused(code: refusal.rule, reason: "\(refusal)")
        }
        let signers = payload.approvals.map(\.principal)
        let lines = payload.approvals.map(\.line)
        return .revocation(revocation, signers: signers, signerLines: lines)
    }
}

extension GrantHistory {
    init(_ standing: Standing?) {
        switch standing {
        case nil: self = .unseen
        case .accepted(let grant): self = .live(sha256: grant.digest, openSince: nil)
        case .open(let grant, let since, _): self = .live(sha256: grant.digest, openSince: since)
        case .ended(_, let reason): self = .ended(reason: reason)
        case .unreadable(let why): self = .unreadable(why: why)
        }
    }
}

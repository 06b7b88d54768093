import Admission
import Auditing
import Grants
import Linux
import Signatures

/// Turns a file into a verdict: trusted file, signature, syntax, policy, in that order.
///
/// It changes nothing and remembers nothing; what the log knows of the grant is an argument.
struct Reception: Sendable {
    /// No grant file is larger: the payload's bound and sixteen armored signatures.
    static let fileLimit = 256 * 1024

    let verifier: SignatureVerifier
    let admission: Admission

    /// What a file turned out to be.
    enum Verdict: Sendable {
        case admitted(GrantFacts)
        /// A revocation of these grants, the principals who signed it, and the file's digest.
        case revocation(Revocation, signers: [String], digest: String)
        /// A record of the refusal, ready but for its stamp.
        case refused(AuditEntry)
    }

    /// Judges the bytes of one file.
    ///
    /// `path` is for records alone; `standing` says what the log knows of a grant id; the signers
    /// must have been allowed at `signedAt`, and policy is asked about `now`.
    func judge(
        _ bytes: [UInt8],
        from path: String,
        standing: (GrantID) -> Standing?,
        signedAt: Moment,
        at now: Moment
    ) -> Verdict {
        let payload: SignedPayload
        do {
            payload = try verifier.verify(bytes, at: signedAt)
        } catch {
            return .refused(.refused(path, code: error.code.rawValue, "\(error)"))
        }
        do throws(GrantSyntaxError) {
            switch payload.namespace {
            case .grant:
                let grant = try Grant(parsing: payload.bytes)
                return judge(grant, payload, from: path, standing: standing(grant.id), at: now)
            case .revocation:
                return judge(try Revocation(parsing: payload.bytes), payload, from: path)
            }
        } catch {
            let digest = payload.sha256
            return .refused(.refused(path, code: error.code.rawValue, "\(error)", digest: digest))
        }
    }

    private func judge(
        _ grant: Grant,
        _ payload: SignedPayload,
        from path: String,
        standing: Standing?,
        at now: Moment
    ) -> Verdict {
        let history = GrantHistory(standing)
        let judgement = admission.judge(grant, signedBy: payload, history: history, at: now)
        let facts = GrantFacts(
            grant: grant,
            digest: payload.sha256,
            signers: payload.approvals.map(\.principal),
            file: path
        )
        guard let refusal = judgement.refusals.first else { return .admitted(facts) }
        return .refused(.refused(facts, refusal))
    }

    private func judge(
        _ revocation: Revocation,
        _ payload: SignedPayload,
        from path: String
    ) -> Verdict {
        if let refusal = admission.refusal(of: revocation) {
            let digest = payload.sha256
            return .refused(.refused(path, code: refusal.rule, "\(refusal)", digest: digest))
        }
        return .revocation(
            revocation,
            signers: payload.approvals.map(\.principal),
            digest: payload.sha256
        )
    }
}

extension GrantHistory {
    init(_ standing: Standing?) {
        switch standing {
        case nil: self = .unseen
        case .accepted(let digest, _, _), .open(let digest, _, _, _): self = .live(sha256: digest)
        case .ended(_, let reason): self = .ended(reason: reason)
        }
    }
}

extension AuditEntry {
    static func refused(
        _ path: String,
        code: String,
        _ text: String,
        digest: String? = nil
    ) -> Self {
        Self(
            .grantRefused,
            "Refused \(path): \(text)",
            fields: [
                .file: [path], .reason: ["\(code): \(text)"], .digest: digest.map { [$0] } ?? [],
            ]
        )
    }

    static func refused(_ facts: GrantFacts, _ refusal: Refusal) -> Self {
        let text = "\(refusal)"
        var entry = Self(
            .grantRefused,
            "Refused \(facts.file): \(text)",
            fields: facts.fields
        )
        entry.fields[.reason] = ["\(refusal.rule): \(text)"]
        return entry
    }
}

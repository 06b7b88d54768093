import Admission
import AgentInterface
import Auditing
import Grants
import Lifecycle
import Linux
import Recording
import Signatures

/// The effects of signed revocations and ends of bars.
extension Submissions {
    /// Acts on a revocation, wherever it came from.
    func take(_ revocation: Revocation, _ signed: SignedPayload, in file: ReadFile) {
        let place = file.arrival.origin
        if case .file(let path, _) = place { grants.forget(path) }
        let admitted = AdmittedRevocation(
            arrival: place,
            digest: file.digest,
            signers: signed.signatures.map(\.principal)
        )
        let evidence = Evidence(file, signed, under: policy.loaded)
        grants.revoke(revocation, in: admitted, evidence, at: clocks.read())
    }

    /// Ends bars before their time, once that is on record.
    func take(_ unbar: Unbar, _ signed: SignedPayload, in file: ReadFile) {
        let (digest, place) = (file.digest, file.arrival.origin)
        if case .file(let path, _) = place { grants.forget(path) }
        let ids = unbar.ids.filter { grants.bars[$0] != nil }
        do throws(RecordingError) {
            try grants.unbar(
                ids,
                because: unbar.reason,
                by: .init(
                    actors: signed.signatures.map { "signer:" + $0.principal },
                    digest: digest,
                    file: place.path,
                    evidence: Evidence(file, signed, under: policy.loaded).fields
                )
            )
        } catch {
            let text = "it cannot be recorded: \(error)"
            return note(place, .init(reason: text, remedy: nil, isDistrust: false))
        }
        accept(file, of: ids)
    }

    /// Acts on a bulletin, wherever it came from.
    func take(_ bulletin: Bulletin, _ signed: SignedPayload, in file: ReadFile) {
        if case .file(let path, _) = file.arrival.origin { grants.forget(path) }
        bulletins.take(bulletin, signed, in: file)
        accept(file, of: bulletin.revokedGrants)
    }

    /// Answers that a file took effect, which it has not to do again.
    func accept(_ file: ReadFile, of ids: [GrantID]) {
        let (origin, result) = (file.arrival.origin, SubmissionResult(outcome: .accepted, ids: ids))
        results.post(result, on: origin.path, sha256: file.digest)
        removeHandled(origin)
    }

    /// A revocation has done its work.
    func finish(_ order: PendingRevocation) {
        guard let file = order.file else { return }
        let result =
            order.notice?.refusal.map {
                SubmissionResult(outcome: .refused, ids: order.ended, code: "bars-full", reason: $0)
            } ?? SubmissionResult(outcome: .accepted, ids: order.ended)
        results.post(result, on: file.arrival.path, sha256: file.digest)
        removeHandled(file.arrival)
    }
}

extension GrantTable {
    /// Takes a signed revocation to be acted on at the end of the turn.
    func revoke(
        _ revocation: Revocation,
        in file: AdmittedRevocation,
        _ evidence: Evidence,
        at now: Now
    ) {
        let origin = RevocationOrigin(
            actors: file.signers.map { "signer:" + $0 },
            comment: revocation.reason,
            revocation: file.digest,
            evidence: evidence
        )
        // One that is in force as a bar is on record.
        let isKnown = revocation.id.flatMap { bars[$0]?.digest } == file.digest
        let notice =
            revocation.isNarrow || isKnown
            ? nil : notice(id: revocation.id, until: revocation.until, at: now)
        revoke(
            PendingRevocation(revocation.selection, origin: origin, file: file, notice: notice)
        )
    }

    /// The record of a revocation that is wider than ids, or a bar until a moment.
    func notice(id: GrantID?, until: Moment?, at now: Now) -> PendingRevocation.Notice {
        bars.removeOver(at: now.opening)
        guard until == nil || bars.count < Bar.limit else {
            let text = "the host keeps \(Bar.limit) bars already"
            return PendingRevocation.Notice(id: id, until: nil, refusal: text)
        }
        let latest = now.closing + Revocation.longestBar
        return PendingRevocation.Notice(id: id, until: until.map { min($0, latest) }, refusal: nil)
    }

    /// Ends bars, once that is on record.
    func unbar(
        _ ids: [GrantID],
        because reason: String,
        by source: AuditEntry.RevocationSource
    ) throws(RecordingError) {
        guard !ids.isEmpty else { return }
        try audit.append([.barsLifted(ids, because: reason, by: source)], at: .now())
        for id in ids { bars.remove(id) }
    }
}

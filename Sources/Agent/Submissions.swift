import Admission
import AgentInterface
import Auditing
import AgentSettings
import Grants
import Lifecycle
import Linux
import Signatures
import Varlink

/// Acts on the content of files: admits grants, takes revocations, and refuses the rest.
final class Submissions {
    /// Files that are there and count for nothing.
    var refused = RefusedFiles()
    /// The results of files, for those who ask.
    var results = SubmissionResults()
    /// Records of refused files, not yet made: many at once share one fsync.
    private var refusals = RefusalTally()
    let policy: PolicyManager
    let grants: GrantTable
    let audit: AuditWriter
    let clocks: Clocks
    let cleanup: FileCleanup
    let bulletins: Bulletins

    init(
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ cleanup: FileCleanup,
        _ bulletins: Bulletins
    ) {
        (self.policy, self.bulletins) = (policy, bulletins)
        self.grants = grants
        self.audit = audit
        self.clocks = clocks
        self.cleanup = cleanup
    }

    // MARK: files

    /// Forgets what was known of a file, as it is read again.
    func begin(_ path: String) {
        cleanup.keep(path)
        refused.remove(path)
    }

    /// Notes that a file is gone; returns the grant that nothing else holds now.
    func withdraw(_ path: String) -> GrantID? {
        refused.remove(path)
        return grants.forget(path)
    }

    /// All files are read again.
    func forgetRefusals(untrusted: [String: TrustError]) {
        refused.reset()
        refused.untrusted = untrusted
    }

    /// Takes a file of a drop directory, or the one of an adopted grant, whatever it turns out to be.
    func take(_ file: ReadFile) {
        let arrival = file.arrival
        let reception = policy.loaded.reception
        let verdict = reception.judge(file.statement, of: arrival, knowing: known)
        let reason = file.live == nil ? EndReason.removed : .policy
        switch verdict {
        case .admitted where audit.isClone:
            refuse(file, audit.cloneRefusal(of: arrival.origin.path), .policy)
        case .admitted(let provenance, let lines):
            admit(provenance, from: arrival.origin, evidence(arrival.bytes, lines))
        case .refused(let code, let reasonGiven):
            let text = policy.explained(reasonGiven)
            var entry = AuditEntry.refused(arrival.origin.path, code: code, text)
            entry.fields[.digest] = [file.digest]
            refuse(file, entry, reason)
            note(arrival.origin, .init(reason: text, remedy: nil, isDistrust: false))
        case .denied(let provenance, _)
        where !audit.isClone && file.live != nil && provenance.grant.expires <= arrival.now:
            // It ran out while no agent ran, and ends like all others.
            admit(provenance, from: arrival.origin, nil)
        case .denied(let provenance, let refusal):
            if file.isListed, hasEnded(provenance) {
                return pass(over: provenance, arrival.origin)
            }
            refuse(file, .refused(provenance, refusal), reason)
            guard !hasEnded(provenance), refusal.rule != "host" else { return }
            let text = "\(refusal.field): \(refusal.reason)"
            note(arrival.origin, .init(reason: text, remedy: refusal.remedy, isDistrust: false))
        case .revocation(let revocation, let signed): take(revocation, signed, in: file)
        case .unbar(let unbar, let signed): take(unbar, signed, in: file)
        case .review(let review, let signed): take(review, signed, in: file)
        case .bulletin(let bulletin, let signed): take(bulletin, signed, in: file)
        }
    }

    private func admit(_ new: GrantProvenance, from origin: ArrivalOrigin, _ evidence: Evidence?) {
        grants.admit(new, from: origin, evidence)
        results.expect(path: new.file, sha256: new.digest, of: new.grant.id)
    }

    /// Passes over a file whose grant did its work before, and keeps or removes it as policy says.
    private func pass(over provenance: GrantProvenance, _ origin: ArrivalOrigin) {
        guard case .file(let path, let state) = origin else { return }
        let removes = policy.configuration.endedFiles == .remove
        let id = provenance.grant.id
        // While it drains its file still holds it.
        if grants.lifecycle.grants[id]?.phase.isDraining == true, !removes {
            return grants.keep(path, of: id, in: state)
        }
        grants.forget(path)
        if removes { cleanup.remove([path: state]) }
    }

    /// Returns true if this very file did its work before.
    private func hasEnded(_ provenance: GrantProvenance) -> Bool {
        guard case .ended(let digest, _) = grants.grantState(of: provenance.grant.id) else {
            return false
        }
        return provenance.digest.hasPrefix(digest)
    }

    /// The evidence that proves a signed file in its record.
    func evidence(_ file: [UInt8], _ lines: [String]) -> Evidence {
        Evidence(file: file, signerLines: lines, policyDigest: policy.loaded.policy.digest)
    }

    // MARK: refusals

    /// Refuses a file that is not to be read; what cannot be read now holds, and is tried again.
    func refuse(_ path: String, _ error: TrustError, _ untrusted: [String: TrustError]?) {
        guard error.code != .missing else { return refuseIfNameIsNoText(path) }
        let reason = error.path == path ? error.reason : "\(error)"
        let entry = AuditEntry.refused(path, code: error.code.rawValue, reason)
        if let untrusted { refused.untrusted = untrusted }
        if error.path == path || refused.untrusted.isEmpty, error.code != .unreadable {
            refused.put(path, .init(reason: reason, remedy: error.remedy, isDistrust: true))
        }
        refuse(path, nil, entry, error.code == .unreadable ? nil : .removed)
    }

    /// A name that is not UTF-8 reads as another one, which is missing.
    private func refuseIfNameIsNoText(_ path: String) {
        guard path.unicodeScalars.contains("\u{FFFD}") else { return }
        refuse(path, nil, .refused(path, code: "bad-name", "its name is not UTF-8"), .removed)
    }

    /// Refuses a file; the grant that came in it ends, whatever holds that.
    private func refuse(_ file: ReadFile, _ entry: AuditEntry, _ reason: EndReason) {
        if case .adopted(let id, _) = file.arrival.origin {
            refuse(entry[.file] ?? "", file.digest, entry, nil)
            return grants.disown(id, because: .policy)
        }
        refuse(entry[.file] ?? "", file.digest, entry, reason)
        if let live = file.live { grants.endByPolicy(live.id) }
    }

    /// Refuses a file; the grant that it held open ends if there is a reason.
    private func refuse(
        _ path: String,
        _ digest: String?,
        _ entry: AuditEntry,
        _ reason: EndReason?
    ) {
        let text = entry[.reason] ?? ""
        let code = String(text.prefix { $0 != ":" })
        let verdict = SubmissionResult(
            outcome: .refused,
            ids: (entry.fields[.grant] ?? []).compactMap { try? GrantID(parsing: $0) },
            code: code,
            reason: String(text.dropFirst(code.count + 2))
        )
        results.post(verdict, on: path, sha256: digest)
        if let reason { grants.forget(path, because: reason) }
        refused.countOne()
        if !audit.knows(refusal: entry) { refusals.add(entry, at: clocks.read().closing) }
    }

    /// Notes a file that counts for nothing until it changes.
    func note(_ origin: ArrivalOrigin, _ refusal: RefusedFiles.Refusal) {
        if case .file(let path, _) = origin { refused.put(path, refusal) }
    }

    func recordRefusals(at now: Moment, isBusy: Bool) {
        audit.note(refusals.take(at: now, isBusy: isBusy), at: .now())
    }

    /// The moment at which refusals without a record of their own are recorded.
    func due(at now: Moment, isBusy: Bool) -> Moment? { refusals.due(at: now, isBusy: isBusy) }

    // MARK: results

    /// Answers with the result of a file, at once or as soon as it is known.
    func tell(_ call: PendingCall<SubmissionResult>, of asked: VerdictParameters) {
        if let verdict = results.verdict(on: asked.file, sha256: asked.sha256) {
            return call.finish(verdict)
        }
        guard call.wantsMore else { return call.finish(.pending) }
        call.send(.pending)
        results.wait(call, for: asked.file, sha256: asked.sha256)
    }

    /// Answers the calls that wait for admitted files, once their acceptance is recorded.
    func report() { results.report(grants.lifecycle, audit.logState) }
}

import Admission
import Auditing
import Configuration
import Control
import Grants
import Linux
import Scheduling
import Signatures

/// A file whose grant was admitted.
struct AdmittedFile: Hashable, Sendable {
    let path: String
    let digest: String
    let id: GrantID
}

/// A file that could be opened.
struct OpenedFile: Sendable {
    let path: String
    let content: TrustedFile.Content

    /// What it says: all of that can be found out beside other files.
    func read(
        by rulebook: Rulebook,
        _ ledger: Ledger,
        at now: Moment,
        opening: Moment
    ) -> ReadFile {
        let digest = FileDigest.sha256(of: content.bytes)
        let live = ledger.liveGrant(inFile: digest)
        let arrival = Reception.Arrival(
            path: path,
            bytes: content.bytes,
            signedAt: live?.acceptedAt ?? now,
            earliest: live?.acceptedAt ?? opening,
            now: now,
            earlierRules: live.flatMap { rulebook.earlierRules(of: $0) }
        )
        let statement = rulebook.reception.read(arrival)
        return ReadFile(arrival: arrival, digest: digest, live: live, statement: statement)
    }
}

/// A file whose signatures were checked.
struct ReadFile: Sendable {
    let arrival: Reception.Arrival
    let digest: String
    /// The grant that came in it, if that is live.
    let live: LiveGrant?
    let statement: Reception.Statements
}

/// What files say: the wish that the timetable is told of.
extension Gatekeeper {
    /// Opens a file; `nil` if it is not there or not one to be read.
    func open(_ path: String, _ scan: inout TrustedFile) -> TrustedFile.Content? {
        leftovers[path] = nil
        unread.remove(path)
        refused.remove(path)
        do {
            return try scan.read(path, limit: Reception.fileLimit)
        } catch {
            if error.code == .missing {
                refuseIfNameIsNoText(path)
            } else {
                refuse(path, error)
            }
            return nil
        }
    }

    /// Takes one file, whatever it turns out to be.
    ///
    /// `isListed` says that it may have lain there for long.
    func receive(_ file: ReadFile, _ state: FileIdentity, isListed: Bool) {
        let (arrival, digest, live) = (file.arrival, file.digest, file.live)
        let (path, bytes, now) = (arrival.path, arrival.bytes, arrival.now)
        let reason = live == nil ? EndReason.removed : .policy
        let verdict = rulebook.reception.judge(
            file.statement,
            of: arrival,
            standing: standing(of:)
        )
        switch verdict {
        case .admitted where isClone: refuse(path, digest, cloneRefusal(path), .policy)
        case .admitted(let facts, let lines):
            admit(facts, in: state, evidence(bytes, lines), at: now)
        case .refused(let code, let reasonGiven):
            let text = explained(reasonGiven)
            var entry = AuditEntry.refused(path, code: code, text)
            entry.fields[.digest] = [digest]
            refuse(path, digest, entry, reason)
            endByPolicy(live)
            note(path, RefusedFiles.Refusal(reason: text, remedy: nil, isDistrust: false))
        case .denied(let facts, _) where !isClone && live != nil && facts.grant.expires <= now:
            // It ran out while no agent ran: it ends on the way that all others end.
            admit(facts, in: state, [:], at: now)
        case .denied(let facts, let refusal):
            if isListed, hasEnded(facts) {
                // While it drains its file is still the wish.
                if timetable[facts.grant.id]?.isDraining == true,
                    rulebook.configuration.endedFiles == .keep
                {
                    return files.put(facts.grant.id, at: path, in: state)
                }
                forget(path)
                if rulebook.configuration.endedFiles == .remove { remove([path: state]) }
                return
            }
            refuse(path, digest, .refused(facts, refusal), reason)
            endByPolicy(live)
            guard !hasEnded(facts), refusal.rule != "host" else { return }
            let text = "\(refusal.field): \(refusal.reason)"
            note(path, .init(reason: text, remedy: refusal.remedy, isDistrust: false))
        case .revocation(let revocation, let signers, let lines):
            let fields: [AuditField: [String]] = [
                .digest: [digest], .signers: signers, .file: [path],
                .actor: signers.map { "signer:" + $0 }, .comment: [revocation.reason],
                .revocation: [digest],
            ]
            .merging(evidence(bytes, lines)) { old, _ in old }
            let file = AdmittedRevocation(path: path, digest: digest, state: state)
            forget(path)
            revocations.append(.init(ids: revocation.ids, fields: fields, file: file))
        }
    }

    /// Has a grant that was live when this agent began end for what policy and signers say now.
    private func endByPolicy(_ live: LiveGrant?) {
        guard let live, timetable[live.id] == nil else { return }
        orphans[live.id] = .policy
    }

    /// The file is not one to be read; if it only cannot be now, what it said before holds and it is
    /// tried again.
    private func refuse(_ path: String, _ error: TrustError) {
        let reason = error.path == path ? error.reason : "\(error)"
        let entry = AuditEntry.refused(path, code: error.code.rawValue, reason)
        if error.path != path, refused.untrusted.isEmpty {
            refused.untrusted = untrustedDirectories()
        }
        if error.path == path || refused.untrusted.isEmpty, error.code != .unreadable {
            note(path, .init(reason: reason, remedy: error.remedy, isDistrust: true))
        }
        guard error.code == .unreadable else { return refuse(path, nil, entry, .removed) }
        unread.insert(path)
        refuse(path, nil, entry, nil)
    }

    /// A name that is not UTF-8 reads as another one, which is missing.
    private func refuseIfNameIsNoText(_ path: String) {
        guard path.unicodeScalars.contains("\u{FFFD}") else { return }
        refuse(path, nil, .refused(path, code: "bad-name", "its name is not UTF-8"), .removed)
    }

    /// Whether this very file did its work before; it may lie there because files are kept.
    private func hasEnded(_ facts: GrantFacts) -> Bool {
        guard case .ended(let digest, _) = standing(of: facts.grant.id) else { return false }
        return facts.digest.hasPrefix(digest)
    }

    private func admit(
        _ new: GrantFacts,
        in state: FileIdentity,
        _ evidence: [AuditField: [String]],
        at now: Moment
    ) {
        let id = new.grant.id
        if let old = files[new.file], old != id { forget(new.file, because: .superseded) }
        files.put(id, at: new.file, in: state)
        fresh.append(AdmittedFile(path: new.file, digest: new.digest, id: id))
        guard timetable[id] == nil else {
            // What is not on record yet is recorded by the policy and signers that let it in last.
            guard unrecorded[id] != nil, facts[id]?.digest == new.digest else { return }
            (facts[id], unrecorded[id]) = (new, evidence)
            return
        }
        facts[id] = new
        questions.revision += 1
        if case .open(_, let since, let deadline) = trail.ledger[id] {
            timetable.restore(new.grant, openSince: since, deadline: deadline)
        } else {
            timetable.admit(new.grant, at: now)
            // Admitted, so it is live or was never seen.
            if trail.ledger.standings[id] == nil { unrecorded[id] = evidence }
        }
    }

    /// The file may not open anything; what it had open before ends if there is a reason.
    private func refuse(
        _ path: String,
        _ digest: String?,
        _ entry: AuditEntry,
        _ reason: EndReason?
    ) {
        let text = entry[.reason] ?? ""
        let code = String(text.prefix { $0 != ":" })
        let verdict = FileVerdict(
            outcome: .refused,
            ids: entry.fields[.grant] ?? [],
            code: code,
            reason: String(text.dropFirst(code.count + 2))
        )
        board.post(verdict, on: path, sha256: digest)
        if let reason { forget(path, because: reason) }
        refused.countOne()
        if !trail.knows(refusal: entry) { refusals.add(entry, at: read()) }
    }

    /// A file counts for nothing while it is as it is.
    private func note(_ path: String, _ refusal: RefusedFiles.Refusal) {
        refused.put(path, refusal)
    }

    func recordRefusals() {
        trail.note(refusals.take(at: read(), isBusy: !intake.isEmpty), at: .now())
    }

    /// The file no longer says what it said: its grant ends, unless another file says it too; answers
    /// which grant may.
    @discardableResult
    func forget(_ path: String, because reason: EndReason = .removed) -> GrantID? {
        guard let id = files.remove(path) else { return nil }
        if orphans[id] == nil { orphans[id] = reason }
        return id
    }

    /// Ends the grants that no file says any more, after all files that came at once were read: one may
    /// only have another name by now.
    ///
    /// While not all files are read that were listed, only those whose files were seen to go.
    func endOrphans() {
        for (id, reason) in orphans where !intake.isScanning || intake.withdrawn.contains(id) {
            orphans[id] = nil
            guard files.paths(of: id).isEmpty else { continue }
            _ = timetable.end(id, because: reason)
        }
        intake.withdrawn = []
    }
}

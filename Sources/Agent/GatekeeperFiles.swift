import Admission
import Auditing
import Configuration
import Control
import Grants
import Linux
import Scheduling
import Signatures
import SystemPackage

/// A file whose grant was admitted.
struct AdmittedFile: Hashable, Sendable {
    let path: String
    let digest: String
    let id: GrantID
}

/// What files say: the wish that the timetable is told of.
extension Gatekeeper {
    /// Something happened in the directories, or to the allowed signers.
    func take(_ events: [DirectoryEvent]) {
        let isBack = followClocks()
        let changes = DirectoryChanges(events)
        changes.wereGone.forEach { trail.forgetRefusal(of: $0) }
        let isRenamed = hostRenamed()
        if changes.concernsFile, signersChanged() { return }
        if isRenamed { return }
        guard !isBack, !changes.takesListing, unread.isDisjoint(with: changes.removals) else {
            return rescan()
        }
        var scan = TrustedFile()
        for path in changes.arrivals { receive(path, &scan, isListed: false) }
        changes.removals.forEach { forget($0) }
        settle()
    }

    /// Lists every directory and takes what it finds for all there is.
    func rescan() {
        var scan = TrustedFile()
        var seen = Set<String>()
        unread = []
        for directory in rulebook.configuration.grantDirectories {
            for name in names(in: directory) {
                seen.insert(directory + "/" + name)
                receive(directory + "/" + name, &scan, isListed: true)
            }
        }
        let hidden = unread.map { $0 + "/" }
        files.all.filter { path in !seen.contains(path) && !hidden.contains(where: path.hasPrefix) }
            .forEach { forget($0) }
        if unread.isEmpty || isClone { endWhatHasNoFile() }
        settle()
    }

    /// Tries again what could not be read.
    func readAgain() {
        var scan = TrustedFile()
        if unread.isDisjoint(with: rulebook.configuration.grantDirectories) {
            for path in unread { receive(path, &scan, isListed: true) }
            guard unread.isEmpty else { return settle() }
        }
        rescan()
    }

    /// The grant files of a directory; one that is missing has none, and the watch tells when it is there.
    private func names(in directory: String) -> [String] {
        do throws(Errno) {
            return try DirectoryWatch.list(directory)
        } catch .noSuchFileOrDirectory, .notDirectory {
            return []
        } catch {
            // Out of descriptors, say: that ends nobody's grant.
            unread.insert(directory)
            return []
        }
    }

    /// Takes one file, whatever it turns out to be.
    ///
    /// `isListed` says that it may have lain there for long.
    private func receive(_ path: String, _ scan: inout TrustedFile, isListed: Bool) {
        leftovers[path] = nil
        unread.remove(path)
        let content: TrustedFile.Content
        do {
            content = try scan.read(path, limit: Reception.fileLimit)
        } catch {
            guard error.code != .missing else { return refuseIfNameIsNoText(path) }
            return refuse(path, error)
        }
        let (bytes, state) = (content.bytes, content.identity)
        let now = read()
        let digest = FileDigest.sha256(of: bytes)
        let live = trail.ledger.liveGrant(inFile: digest)
        let arrival = Reception.Arrival(
            path: path,
            bytes: bytes,
            signedAt: live?.acceptedAt ?? now,
            now: now,
            earlierRules: live.flatMap { rulebook.earlierRules(of: $0) }
        )
        let reason = live == nil ? EndReason.removed : .policy
        switch rulebook.reception.judge(arrival, standing: standing(of:)) {
        case .admitted where isClone: refuse(path, digest, cloneRefusal(path), .policy)
        case .admitted(let facts, let lines):
            admit(facts, in: state, evidence(bytes, lines), at: now)
        case .refused(let code, let text):
            var entry = AuditEntry.refused(path, code: code, explained(text))
            entry.fields[.digest] = [digest]
            refuse(path, digest, entry, reason)
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

    /// The file is not one to be read; if it only cannot be now, what it said before holds and it is
    /// tried again.
    private func refuse(_ path: String, _ error: TrustError) {
        let reason = error.path == path ? error.reason : "\(error)"
        let entry = AuditEntry.refused(path, code: error.code.rawValue, reason)
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
        if !trail.knows(refusal: entry) { refusals.append(entry) }
    }

    func recordRefusals() {
        guard !refusals.isEmpty else { return }
        trail.note(refusals, at: .now())
        refusals = []
    }

    /// The file no longer says what it said: its grant ends, unless another file says it too.
    private func forget(_ path: String, because reason: EndReason = .removed) {
        guard let id = files.remove(path), orphans[id] == nil else { return }
        orphans[id] = reason
    }

    /// Ends the grants that no file says any more, after all files that came at once were read: one may
    /// only have another name by now.
    func endOrphans() {
        for (id, reason) in orphans where files.paths(of: id).isEmpty {
            _ = timetable.end(id, because: reason)
        }
        orphans = [:]
    }
}

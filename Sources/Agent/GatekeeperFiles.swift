import Admission
import Auditing
import Configuration
import Grants
import Linux
import Scheduling

/// What files say: the wish that the timetable is told of.
extension Gatekeeper {
    /// Lists every directory and takes what it finds for all there is.
    func rescan() {
        var scan = TrustedFile()
        var seen = Set<String>()
        for directory in configuration.grantDirectories {
            let names: [String]
            do {
                names = try DirectoryWatch.list(directory)
            } catch {
                continue
            }
            for name in names {
                seen.insert(directory + "/" + name)
                receive(directory + "/" + name, &scan)
            }
        }
        files.keys.filter { !seen.contains($0) }.forEach(forget)
        endWhatHasNoFile()
        settle()
    }

    /// Grants that an earlier run had live and whose files are gone.
    private func endWhatHasNoFile() {
        for (id, standing) in trail.ledger.standings where timetable[id] == nil {
            if let live = standing.live { note(.closed(live, because: .removed)) }
        }
    }

    /// Takes one file, whatever it turns out to be.
    func receive(_ path: String, _ scan: inout TrustedFile) {
        let now = read()
        let bytes: [UInt8]
        do {
            bytes = try scan.read(path, limit: Reception.fileLimit).bytes
        } catch {
            guard error.code != .missing else { return }
            return refuse(.refused(path, code: error.code.rawValue, error.reason), path)
        }
        let arrival = Reception.Arrival(path: path, bytes: bytes, signedAt: now, now: now)
        switch reception.judge(arrival, standing: { trail.ledger[$0] }) {
        case .refused(let code, let reason): refuse(.refused(path, code: code, reason), path)
        case .denied(let facts, let refusal): refuse(.refused(facts, refusal), path)
        case .admitted(let facts): admit(facts, at: now)
        case .revocation(let revocation, let signers, let digest):
            let fields: [AuditField: [String]] = [
                .digest: [digest], .signers: signers, .file: [path],
                .actor: signers.map { "signer:" + $0 },
            ]
            revocations.append((revocation.ids, fields))
        }
    }

    private func admit(_ new: GrantFacts, at now: Moment) {
        let id = new.grant.id
        if let old = files[new.file], old != id { forget(new.file) }
        files[new.file] = id
        guard timetable[id] == nil else { return }
        facts[id] = new
        if case .open(_, let since, let deadline) = trail.ledger[id] {
            timetable.restore(new.grant, openSince: since, deadline: deadline)
        } else {
            timetable.admit(new.grant, at: now)
            if trail.ledger[id] == nil { unrecorded.insert(id) }
        }
    }

    private func refuse(_ entry: AuditEntry, _ path: String) {
        forget(path)
        // What has ended and still lies there was dealt with.
        if !trail.ledger.knows(refusal: entry) { note(entry) }
    }

    /// The file no longer says what it said: its grant ends, unless another file says it too.
    func forget(_ path: String) {
        guard let id = files.removeValue(forKey: path), !files.values.contains(id) else { return }
        _ = timetable.end(id, because: .removed)
    }

    /// Ends what revocations name, after all files that came with them; what never came is barred.
    func revoke() {
        for (ids, fields) in revocations {
            for id in ids where !timetable.end(id, because: .revoked) && trail.ledger[id] == nil {
                var entry = AuditEntry(
                    .grantClosed,
                    "Barred \(id): revoked before it came",
                    fields: fields
                )
                entry.fields[.grant] = [id.description]
                entry.fields[.reason] = [EndReason.revoked.rawValue]
                note(entry)
            }
        }
        revocations = []
    }
}

extension AuditEntry {
    /// A file that says nothing that could be understood, or that nobody may have said.
    static func refused(_ path: String, code: String, _ text: String) -> Self {
        Self(
            .grantRefused,
            "Refused \(path): \(text)",
            fields: [.file: [path], .reason: ["\(code): \(text)"]]
        )
    }

    /// A grant that policy does not allow.
    static func refused(_ facts: GrantFacts, _ refusal: Refusal) -> Self {
        var entry = Self(
            .grantRefused,
            "Refused \(facts.file): \(refusal)",
            fields: facts.fields
        )
        entry.fields[.reason] = ["\(refusal.rule): \(refusal)"]
        return entry
    }
}

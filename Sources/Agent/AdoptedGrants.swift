import Auditing
import Grants
import Lifecycle
import Recording
import Signatures

/// Judges the grants that came by an inbox by the files that the log keeps of them.
final class AdoptedGrants {
    private static let batch = 256

    /// The reason that the files of some cannot be read now, which is tried again.
    private(set) var failure: String?
    private let judge: FileJudge
    private let grants: GrantTable
    private let audit: AuditWriter
    private let cleanup: FileCleanup

    init(
        _ judge: FileJudge,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ cleanup: FileCleanup
    ) {
        self.judge = judge
        self.cleanup = cleanup
        self.grants = grants
        self.audit = audit
    }

    /// Judges all of them: at a start, and when policy or signers have changed.
    func judgeAll() {
        failure = nil
        let uncopied = audit.uncopiedFiles
        var ids = grants.adopted.sorted()[...]
        while !ids.isEmpty {
            judge.judge(ids.prefix(Self.batch).compactMap { file(of: $0, uncopied) })
            ids = ids.dropFirst(Self.batch)
        }
    }

    /// The file that a grant was accepted by, as it arrived.
    private func file(of id: GrantID, _ uncopied: [String: [UInt8]]) -> OpenedFile? {
        let entry = grants.lifecycle.grants[id]
        guard let live = audit.logState.grantStates[id]?.live else {
            // Its acceptance is not on record yet.
            guard let offer = entry?.provenance?.file, let bytes = entry?.evidence?.file else {
                return nil
            }
            return OpenedFile(origin: .adopted(id, offer: offer), bytes: bytes)
        }
        if cleanup.isMarkedRevoked(live.digest) {
            grants.disown(id, because: .revoked)
            return nil
        }
        do throws(RecordingError) {
            var found = uncopied["\(live.digest).grant"]
            if found == nil { found = try audit.keptFile(of: live.digest) }
            guard let bytes = found, FileDigest.sha256(of: bytes) == live.digest
            else {
                lose(live)
                return nil
            }
            let offer = live.fields[.file]?.first ?? ""
            return OpenedFile(origin: .adopted(id, offer: offer), bytes: bytes)
        } catch {
            failure = error.description
            return nil
        }
    }

    /// Disowns a grant whose file is gone or changed: nothing shows that the grant may be open.
    private func lose(_ live: LiveGrant) {
        let path = audit.evidencePath(of: live.digest)
        let text = "the file of an adopted grant is gone or another one"
        var entry = AuditEntry.refused(path, code: "evidence", text)
        entry.fields[.grant] = [live.id.description]
        entry.fields[.digest] = [live.digest]
        if !audit.knows(refusal: entry) { audit.note(entry) }
        grants.disown(live.id, because: .removed)
    }
}

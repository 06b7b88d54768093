import Auditing
import Dispatch
import Linux
import Recording

/// Work on files that nothing waits for: the files of ended grants go away, evidence is copied,
/// archives are merged, what the next start goes by is saved.
///
/// It is done a few files at a time, so that it never holds up what is due; what waits for the disk
/// does so on a queue of its own.
final class FileCleanup {
    /// The files that are removed at a time: a file system may take long for each.
    private static let portion = 100

    /// Files whose grants have ended, to be removed if they have not changed since.
    private var ended: [String: FileIdentity] = [:]
    /// Files of revocations that did their work, to be removed likewise once that is on record.
    private var handledRevocations: [String: FileIdentity] = [:]
    /// Files of adopted grants that are marked as revoked, as their ends are not on record.
    private var revokedMarks: Set<String> = []
    private var isTurnDue = false
    /// The queue that waits for the disk.
    private let disk = DispatchQueue(label: "io.jitgate.disk")
    private let audit: AuditWriter
    private let events: LoopEvents

    init(_ audit: AuditWriter, _ events: LoopEvents) {
        self.audit = audit
        self.events = events
    }

    /// Removes files, once all else that waits is done, unless they are others by then.
    func remove(_ files: [String: FileIdentity]) { ended.merge(files) { $1 } }

    /// Removes files once no record waits for the disk: until then they alone tell the next agent.
    func removeOnRecord(_ files: [String: FileIdentity]) { handledRevocations.merge(files) { $1 } }

    /// Keeps a file that was to be removed, since it has new content.
    func keep(_ path: String) { ended[path] = nil }

    /// All that happened is on record.
    func allRecorded() {
        remove(handledRevocations)
        handledRevocations = [:]
        for digest in revokedMarks where audit.logState.liveGrant(inFile: digest) == nil {
            audit.log.revokedMarks.remove(digest)
            revokedMarks.remove(digest)
        }
    }

    /// Marks an adopted grant as revoked for the next agent, until that is on record.
    func markRevoked(_ digest: String) {
        audit.log.revokedMarks.add(digest)
        revokedMarks.insert(digest)
    }

    /// Returns true if an earlier agent marked an adopted grant as revoked.
    func isMarkedRevoked(_ digest: String) -> Bool {
        guard audit.log.revokedMarks.contains(digest) else { return false }
        revokedMarks.insert(digest)
        return true
    }

    /// Does a portion now, and schedules the rest.
    func tidy() {
        guard !isTurnDue else { return }
        for _ in 0..<Self.portion {
            guard let (path, state) = ended.popFirst() else { break }
            DirectoryWatch.remove(path, in: state)
        }
        audit.doUpkeep(atMost: Self.portion)
        guard !ended.isEmpty || audit.hasUpkeep else { return saveIfDue() }
        isTurnDue = true
        events.post(.filesToRemove)
    }

    /// The turn that was asked for has come.
    func continueTidying() {
        isTurnDue = false
        tidy()
        // It was much: the memory that it took is of no use to the small tasks that follow.
        if !isTurnDue { MemoryTrim.release() }
    }

    private func saveIfDue() {
        guard let saving = audit.beginSaving() else { return }
        events.run(on: disk) {
            Result { () throws(RecordingError) in try saving.run() }
        } then: { loop, result in
            loop.end(saving, result)
        }
    }

    /// Saves the log state, by which the next start goes, now.
    func save() {
        // Not two at a time.
        disk.sync {}
        audit.save()
    }
}

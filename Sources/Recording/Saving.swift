import Auditing
import Glibc
import Grants
import Linux
import SystemPackage

/// What the records up to now add up to, on its way to the disk, and the segments that may go then.
///
/// It waits for the disk and reads what it removes, so `run` is for another thread than the one
/// that opens and shuts: it is a value, and touches no file that an append does, but flushes them.
package struct Saving: Sendable {
    let snapshot: LogSnapshot
    let directory: LogDirectory
    let state: StateDirectory
    /// Segments all of whose records are older than the retention, oldest first.
    let expired: [LogSegment]

    /// All of it is on disk when this returns.
    package func run() throws(RecordingError) {
        // What lies before a snapshot is not read again, so all that was made of it comes first.
        if state.unflushed > 0 { try state.flush() }
        try LeafFile.flush(directory.leaves)
        // None may be left that rests on what is removed next.
        try state.write(snapshot, replacingBoth: !expired.isEmpty)
        for segment in expired { try remove(segment) }
    }

    private func remove(_ segment: LogSegment) throws(RecordingError) {
        try removeEvidence(of: segment)
        try RecordingError.attempt("remove", segment.path) { () throws(Errno) in
            _ = try SystemCall.check { unsafe unlink(segment.path) }
        }
    }

    /// Removes the files of grants that only this segment tells of; policies stay.
    private func removeEvidence(of segment: LogSegment) throws(RecordingError) {
        var lines = try LogLines(path: segment.path)
        try lines.read { line in
            guard let entry = try? Record(parsing: line).entry, entry.event != .policyLoaded,
                let digest = entry.evidenceDigest, entry[.evidence] != nil,
                snapshot.ledger.liveGrant(inFile: digest) == nil
            else { return true }
            for file in entry.evidenceFiles { state.remove(file.name) }
            return true
        }
    }
}

extension AuditLog {
    /// A snapshot is written after so many records.
    private static let interval = 50_000
    /// What failed is tried again after so many.
    private static let retryInterval = 1000

    /// Whether the next start would read many records, or there is something to prune.
    package var isSavingDue: Bool {
        !isSaving && (sinceSnapshot >= Self.interval || mayPrune)
    }

    /// Has the next saving see whether there is something to prune, if there may be.
    mutating func lookForExpired(at now: Moment?) {
        mayPrune = (try? expired(at: now).isEmpty) != true
    }

    /// Begins to keep what the records add up to, so that the next start need not read them.
    ///
    /// One at a time: `end` is to be called with what came of its run.
    package mutating func beginSaving() throws(RecordingError) -> Saving {
        mayPrune = false
        try copyEvidence(atMost: .max)
        try leaves.complete()
        let position = LogPosition(segment: segment, offset: file.length, lastLength: lastLength)
        let saving = Saving(
            snapshot: LogSnapshot(
                position: position,
                lastLeaf: lastLeaf,
                tree: tree,
                ledger: ledger
            ),
            directory: directory,
            state: state,
            expired: try expired(at: ledger.clock.opening)
        )
        sinceSnapshot = 0
        isSaving = true
        return saving
    }

    /// What came of a saving that has run.
    package mutating func end(_ saving: Saving, _ result: Result<Void, RecordingError>) {
        isSaving = false
        state.removeArchives(notOf: ledger, isMerging: archiving.isMerging)
        switch result {
        case .success:
            state.unflushed -= saving.state.unflushed
            troubles[.snapshot] = nil
        case .failure(let error): noteUnsaved(error)
        }
    }

    /// It is tried again, but not at once.
    package mutating func noteUnsaved(_ error: RecordingError) {
        troubles[.snapshot] = error.description
        sinceSnapshot = max(sinceSnapshot, Self.interval - Self.retryInterval)
    }

    /// Begins, runs and ends a saving.
    package mutating func save() {
        do throws(RecordingError) {
            let saving = try beginSaving()
            end(saving, Result { () throws(RecordingError) in try saving.run() })
        } catch {
            noteUnsaved(error)
        }
    }

    /// The segments that the retention no longer keeps.
    private func expired(at now: Moment?) throws(RecordingError) -> [LogSegment] {
        guard let now, let retention = rotation.retention else { return [] }
        return try directory.segments(olderThan: retention, at: now)
    }
}

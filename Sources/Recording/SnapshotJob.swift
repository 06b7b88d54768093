import Auditing
import Glibc
import Grants
import Linux
import SystemPackage

/// A snapshot of the log's state to be written, and the segments to be removed after it.
///
/// It waits for the disk and reads the files that it removes, so `run` belongs on another thread
/// than the one that opens and closes: it is a value, and touches no file that an append writes,
/// except to flush it.
package struct SnapshotJob: Sendable {
    let snapshot: LogSnapshot
    let directory: LogDirectory
    let state: StateDirectory
    /// The segments whose records are all older than the retention, oldest first.
    let expired: [LogSegment]

    /// Writes the snapshot durably and removes the segments.
    package func run() throws(RecordingError) {
        // Records before a snapshot are not read again, so the files derived from them come first.
        if state.unflushed > 0 { try state.flush() }
        try LeafFile.flush(directory.leaves)
        // No snapshot may remain that depends on a segment that is removed next.
        try state.write(snapshot, replacingBoth: !expired.isEmpty)
        for segment in expired { try remove(segment) }
    }

    private func remove(_ segment: LogSegment) throws(RecordingError) {
        try removeEvidence(of: segment)
        try RecordingError.attempt("remove", segment.path) { () throws(Errno) in
            _ = try SystemCall.check { unsafe unlink(segment.path) }
        }
    }

    /// Removes the files of grants that only this segment records; policies stay.
    private func removeEvidence(of segment: LogSegment) throws(RecordingError) {
        var lines = try LineReader(path: segment.path)
        try lines.read { line in
            guard let entry = try? Record(parsing: line).entry, entry.event != .policyLoaded,
                let digest = entry.evidenceDigest, entry[.evidence] != nil,
                snapshot.logState.liveGrant(inFile: digest) == nil
            else { return true }
            for file in entry.evidenceFiles { state.remove(file.name) }
            return true
        }
    }
}

extension AuditLog {
    /// The number of records after which a snapshot is written.
    private static let interval = 50_000
    /// The number of records after which a failed snapshot is tried again.
    private static let retryInterval = 1000

    /// True if the next start would read many records, or some segments may be pruned.
    package var isSavingDue: Bool {
        !isSaving && (sinceSnapshot >= Self.interval || mayPrune)
    }

    /// Has the next saving look for segments to prune, if there may be any.
    mutating func lookForExpired(at now: Moment?) {
        mayPrune = (try? expired(at: now).isEmpty) != true
    }

    /// Begins to save the state, so that the next start need not read all records.
    ///
    /// Only one saving runs at a time: call `end` with its result.
    package mutating func beginSaving() throws(RecordingError) -> SnapshotJob {
        mayPrune = false
        try copyEvidence(atMost: .max)
        try signedTree.completeLeaves()
        let saving = SnapshotJob(
            snapshot: LogSnapshot(
                position: segment.position,
                lastLeaf: signedTree.lastLeaf,
                tree: signedTree.tree,
                logState: logState
            ),
            directory: directory,
            state: state,
            expired: try expired(at: logState.clock.opening)
        )
        sinceSnapshot = 0
        isSaving = true
        return saving
    }

    /// Applies the result of a saving that has run.
    package mutating func end(_ saving: SnapshotJob, _ result: Result<Void, RecordingError>) {
        isSaving = false
        state.removeArchives(notOf: logState, isMerging: archiving.isMerging)
        switch result {
        case .success:
            state.unflushed -= saving.state.unflushed
            failures[.snapshot] = nil
        case .failure(let error): noteUnsaved(error)
        }
    }

    /// Reports a failed saving, which is tried again, but not at once.
    package mutating func noteUnsaved(_ error: RecordingError) {
        failures[.snapshot] = error.description
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

    /// The segments that have outlived the retention.
    private func expired(at now: Moment?) throws(RecordingError) -> [LogSegment] {
        guard let now, let retention = rotation.retention else { return [] }
        return try directory.segments(olderThan: retention, at: now)
    }
}

import Auditing

/// The schedule by which ended grants leave memory for archives, and the merge in progress
/// (docs/PROTOCOL.audit, section 7).
struct Archiving: ~Copyable {
    /// The number of ended grants kept in memory.
    private static let size = 512
    /// The number of archive entries merged at a time: about a millisecond of work.
    private static let portion = 4096

    private var due = size
    private var merging: TombstoneCompaction?
    private var place = 0
    /// True if a merge failed; no merge is tried again before there is a new archive.
    private var hasFailed = false

    var isMerging: Bool { merging != nil }

    /// True if the ended grants in memory are many.
    func isDue(_ logState: borrowing LogState) -> Bool { logState.ended.recentCount >= due }

    /// Moves the ended grants in memory to an archive.
    mutating func archive(
        _ logState: inout LogState,
        in state: inout StateDirectory
    ) throws(RecordingError) {
        due = logState.ended.recentCount + Self.size
        try state.archive(&logState)
        due = Self.size
        hasFailed = false
    }

    /// True if two archives should be merged, so that look-ups have few to search.
    func hasMore(of logState: borrowing LogState) -> Bool {
        isMerging || !hasFailed && logState.ended.mergeablePlace != nil
    }

    /// Merges a portion of two archives.
    mutating func merge(
        _ logState: inout LogState,
        in state: inout StateDirectory
    ) throws(RecordingError) {
        do throws(RecordingError) {
            if merging == nil { try begin(logState, in: state) }
            guard let merged = try merging?.step(Self.portion) else { return }
            logState.replace(archivesAt: place, with: merged)
            state.unflushed += 1
            merging = nil
        } catch {
            merging = nil
            hasFailed = true
            throw error
        }
    }

    private mutating func begin(
        _ logState: borrowing LogState,
        in state: borrowing StateDirectory
    ) throws(RecordingError) {
        guard !hasFailed, let mergeable = logState.ended.mergeablePlace else { return }
        let archives = logState.ended.archives
        place = mergeable
        merging = try state.ended.merging(archives[mergeable], archives[mergeable + 1])
    }
}

/// Archives of ended grants: they are known for ever and take no memory.
extension AuditLog {
    mutating func archiveIfDue() {
        guard archiving.isDue(logState) else { return }
        do throws(RecordingError) {
            try archiving.archive(&logState, in: &state)
            failures[.archives] = nil
        } catch {
            failures[.archives] = error.description
        }
    }

    /// True if two archives should be merged, so that look-ups have few to search.
    package var hasMergeableArchives: Bool { archiving.hasMore(of: logState) }

    /// Merges a portion of two archives.
    package mutating func mergeArchives() {
        do throws(RecordingError) {
            try archiving.merge(&logState, in: &state)
        } catch {
            failures[.archives] = error.description
        }
    }
}

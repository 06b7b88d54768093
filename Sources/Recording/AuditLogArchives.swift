import Auditing

/// The schedule by which ended grants leave memory, and the merge in progress.
struct Archiving: ~Copyable {
    /// The number of ended grants kept in memory.
    fileprivate static let size = 512
    /// The number of archive entries merged at a time: about a millisecond of work.
    fileprivate static let portion = 4096

    fileprivate var due = size
    fileprivate var merging: TombstoneCompaction?
    fileprivate var place = 0
    /// True if a merge failed; no merge is tried again before there is a new archive.
    fileprivate var hasFailed = false

    var isMerging: Bool { merging != nil }
}

/// Archives of ended grants: they are known for ever and take no memory (docs/PROTOCOL.audit,
/// section 7).
extension AuditLog {
    /// Moves the ended grants in memory to an archive, if they are many.
    mutating func archiveIfDue() {
        guard logState.ended.recentCount >= archiving.due else { return }
        do throws(RecordingError) {
            try state.archive(&logState)
            archiving.due = Archiving.size
            archiving.hasFailed = false
            failures[.archives] = nil
        } catch {
            failures[.archives] = error.description
            archiving.due = logState.ended.recentCount + Archiving.size
        }
    }

    /// True if two archives should be merged, so that look-ups have few to search.
    package var hasMergeableArchives: Bool {
        archiving.isMerging || !archiving.hasFailed && logState.ended.mergeablePlace != nil
    }

    /// Merges a portion of two archives.
    package mutating func mergeArchives() {
        do throws(RecordingError) {
            if archiving.merging == nil { try beginMerge() }
            guard let merged = try archiving.merging?.step(Archiving.portion) else { return }
            logState.replace(archivesAt: archiving.place, with: merged)
            state.unflushed += 1
            archiving.merging = nil
        } catch {
            failures[.archives] = error.description
            archiving.merging = nil
            archiving.hasFailed = true
        }
    }

    private mutating func beginMerge() throws(RecordingError) {
        guard !archiving.hasFailed, let place = logState.ended.mergeablePlace else { return }
        let archives = logState.ended.archives
        archiving.place = place
        archiving.merging = try state.ended.merging(archives[place], archives[place + 1])
    }
}

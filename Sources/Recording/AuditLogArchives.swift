import Auditing

/// When ended grants leave memory, and the merging of archives that is under way.
struct Archiving: ~Copyable {
    /// So many ended grants are kept in memory.
    fileprivate static let size = 512
    /// So many entries of archives are merged at a time: about a millisecond.
    fileprivate static let portion = 4096

    fileprivate var due = size
    fileprivate var merging: EndedMerging?
    fileprivate var place = 0
    /// A merge that failed is not tried again before there is a new archive.
    fileprivate var hasFailed = false

    var isMerging: Bool { merging != nil }
}

/// All that ever ended is known for ever and takes no memory (docs/PROTOCOL.audit, section 7).
extension AuditLog {
    /// Puts the ended grants that are in memory into an archive, if they are many.
    mutating func archiveIfDue() {
        guard ledger.ended.recentCount >= archiving.due else { return }
        do throws(RecordingError) {
            try state.archive(&ledger)
            archiving.due = Archiving.size
            archiving.hasFailed = false
            troubles[.archives] = nil
        } catch {
            troubles[.archives] = error.description
            archiving.due = ledger.ended.recentCount + Archiving.size
        }
    }

    /// Whether two archives are worth being made one, so that few have to be looked into.
    package var hasMergeableArchives: Bool {
        archiving.isMerging || !archiving.hasFailed && ledger.ended.mergeablePlace != nil
    }

    /// Does a portion of that.
    package mutating func mergeArchives() {
        do throws(RecordingError) {
            if archiving.merging == nil { try beginMerge() }
            guard let merged = try archiving.merging?.step(Archiving.portion) else { return }
            ledger.replace(archivesAt: archiving.place, with: merged)
            state.unflushed += 1
            archiving.merging = nil
        } catch {
            troubles[.archives] = error.description
            archiving.merging = nil
            archiving.hasFailed = true
        }
    }

    private mutating func beginMerge() throws(RecordingError) {
        guard !archiving.hasFailed, let place = ledger.ended.mergeablePlace else { return }
        let archives = ledger.ended.archives
        archiving.place = place
        archiving.merging = try state.ended.merging(archives[place], archives[place + 1])
    }
}

import Grants

/// All grants that ever ended, for ever: the last ones in memory, the others in archives.
package struct EndedGrants: Sendable {
    /// Oldest first: the entry of a later one counts.
    package private(set) var archives: [any TombstoneArchive] = []
    private var recent: [UInt128: Tombstone] = [:]

    package init() {}

    init(_ recent: [Tombstone], after archives: [any TombstoneArchive]) {
        self.archives = archives
        for entry in recent { add(entry) }
    }

    /// The number of ended grants, each counted once for each archive that knows it.
    package var count: Int { archives.reduce(recent.count) { $0 + $1.count } }

    /// The number of them in memory.
    package var recentCount: Int { recent.count }

    /// Those in memory, in the order of their ids.
    var recentEntries: [Tombstone] { recent.values.sorted { $0.id < $1.id } }

    /// The bytes that `archive` must hold before `take(recentInto:)` may forget what is in memory.
    package var recentBytes: [UInt8] { Tombstone.encoded(recentEntries) }

    /// The state of an id; unreadable if an archive cannot be read.
    subscript(id: GrantID) -> GrantState? {
        if let entry = recent[id.value] { return entry.grantState }
        do throws(RecordError) {
            for archive in archives.reversed() {
                if let entry = try archive.entry(of: id.value) { return entry.grantState }
            }
            return nil
        } catch {
            return .unreadable(why: error.description)
        }
    }

    mutating func add(_ entry: Tombstone) {
        recent[entry.id] = entry
    }

    /// Moves what was in memory to this archive.
    mutating func take(recentInto archive: any TombstoneArchive) {
        recent = [:]
        archives.append(archive)
    }

    /// The place of two archives that are worth making one; few are left, and each entry was
    /// copied a few times only.
    package var mergeablePlace: Int? {
        archives.indices.dropLast().last { archives[$0].count <= 2 * archives[$0 + 1].count }
    }

    /// Notes that the archive at `place` and the one after it are this one now.
    mutating func replace(pairAt place: Int, with archive: any TombstoneArchive) {
        archives.replaceSubrange(place..<place + 2, with: [archive])
    }
}

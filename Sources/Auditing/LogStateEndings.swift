extension LogState {
    /// The last grants that ended, oldest first, or only the break-glass grants among them that nobody
    /// has reviewed.
    ///
    /// Those are there in any case, however long ago they ended.
    package func endings(all: Bool) -> [EndedGrant] {
        let unreviewed = breakGlass.unreviewed.compactMap(\.ending)
        guard all else { return unreviewed }
        let recent = recentEndings.all
        let known = Set(recent.compactMap { $0.entry[.grant] })
        return unreviewed.filter { !known.contains($0.entry[.grant] ?? "") } + recent
    }
}

/// The machine that a log is of.
package struct LoggedMachine: Hashable, Sendable {
    /// The id in the last record, as far as it says.
    package internal(set) var id: String?
    /// True if the log is on another machine than its key is of, and has no other key yet.
    package internal(set) var awaitsKey = false
}

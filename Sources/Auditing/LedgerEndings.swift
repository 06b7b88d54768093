extension Ledger {
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

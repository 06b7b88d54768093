/// What there is to do for the log once records are on disk: all of it can be done later.
enum Chore: Int, Sendable, CaseIterable {
    case memory
    case checkpoint
    case evidence
    case archives
    case snapshot
    case rotation
}

extension AuditLog {
    /// What of the work after an append does not succeed; the records are on disk all the same.
    package var problem: String? {
        let troubles = troubles
        return Chore.allCases.lazy.compactMap { troubles[$0] }.first
    }
}

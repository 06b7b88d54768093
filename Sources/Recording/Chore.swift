/// The work on the log that can wait until after records are on disk.
enum Chore: Int, Sendable, CaseIterable {
    case memory
    case checkpoint
    case evidence
    case archives
    case snapshot
    case rotation
}

extension AuditLog {
    /// The failure of the work after an append; the records are on disk all the same.
    package var problem: String? {
        let troubles = troubles
        return Chore.allCases.lazy.compactMap { troubles[$0] }.first
    }
}

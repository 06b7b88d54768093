/// The work on the log that can wait until after records are on disk.
enum MaintenanceTask: Int, Sendable, CaseIterable {
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
        let failures = failures
        return MaintenanceTask.allCases.lazy.compactMap { failures[$0] }.first
    }
}

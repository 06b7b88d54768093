import Linux

/// Judges files by the batch: their signatures, which are the most work, on all cores, and then what
/// they say, one after the other.
final class FileJudge {
    private let workers = Workers()
    private let submissions: Submissions
    private let policy: PolicyManager
    private let audit: AuditWriter
    private let clocks: Clocks

    init(
        _ submissions: Submissions,
        _ policy: PolicyManager,
        _ audit: AuditWriter,
        _ clocks: Clocks
    ) {
        self.submissions = submissions
        self.policy = policy
        self.audit = audit
        self.clocks = clocks
    }

    func judge(_ files: [OpenedFile]) {
        let (loaded, logState, now) = (policy.loaded, audit.logState, clocks.read())
        for file in workers.map(files, { $0.read(by: loaded, logState, at: now) }) {
            submissions.take(file)
        }
    }
}

/// The parts that handle arriving files.
struct ArrivalParts {
    let directories: DropDirectories
    let files: FileReader
    let submissions: Submissions
    let offers: Offers

    var bulletins: Bulletins { submissions.bulletins }

    init(
        _ directories: DropDirectories,
        _ reader: InboxReader?,
        _ submissions: Submissions,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ cleanup: FileCleanup,
        _ clocks: Clocks,
        _ events: LoopEvents,
        _ conditions: HostConditions
    ) {
        let judge = FileJudge(submissions, policy, audit, clocks)
        self.directories = directories
        self.submissions = submissions
        files = FileReader(
            directories,
            submissions,
            judge,
            policy,
            grants,
            audit,
            clocks,
            events
        )
        offers = Offers(
            reader,
            AdoptedGrants(judge, grants, audit, cleanup),
            submissions,
            policy,
            grants,
            audit,
            clocks,
            events,
            conditions
        )
    }

    /// Judges everything there is, by the rules and the time of now.
    ///
    /// The log's grants come first: files that are gone end grants that nothing else holds.
    func judgeEverything() {
        offers.judgeEverything()
        files.readEverything()
    }
}

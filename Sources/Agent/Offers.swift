import Admission
import Auditing
import Conditions
import AgentSettings
import Grants
import Lifecycle
import Linux
import Signatures

/// Takes the offers of inboxes: adopts grants, acts on revocations, and counts the rest.
final class Offers {
    private let reader: InboxReader?
    private var tally = OfferTally()
    /// The reasons that inboxes cannot be read.
    private var problems: [OfferBatch.Problem] = []
    private let adopted: AdoptedGrants
    private let submissions: Submissions
    private let policy: PolicyManager
    private let grants: GrantTable
    private let audit: AuditWriter
    private let clocks: Clocks
    private let events: LoopEvents
    private let conditions: HostConditions

    init(
        _ reader: InboxReader?,
        _ adopted: AdoptedGrants,
        _ submissions: Submissions,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ events: LoopEvents,
        _ conditions: HostConditions
    ) {
        self.reader = reader
        self.adopted = adopted
        self.submissions = submissions
        self.policy = policy
        self.grants = grants
        self.audit = audit
        self.clocks = clocks
        self.events = events
        self.conditions = conditions
    }

    /// Begins to receive offers, from `judgeEverything` on.
    func listen() { reader?.start(events.sink { loop, batch in loop.take(batch) }) }

    /// Judges adopted grants, and has the inboxes read: at a start, and when much may be judged
    /// differently.
    func judgeEverything() {
        judgeAdopted()
        reader?.lookAgain()
    }

    /// True while files of adopted grants could not be read, which is tried again.
    var hasUnread: Bool { adopted.failure != nil }

    func judgeAdopted() {
        adopted.judgeAll()
        noteConditions()
    }

    private func noteConditions() {
        let own = adopted.failure.map { reason in
            FileConditions.inboxUnreadable(
                policy.configuration.stateDirectory + "/evidence",
                because: reason,
                mend: "the agent tries again every 5 s"
            )
        }
        let others = problems.map {
            FileConditions.inboxUnreadable($0.directory, because: $0.reason, mend: $0.remedy)
        }
        conditions.set(.inboxUnreadable, [own].compactMap(\.self) + others)
    }

    // MARK: offers

    /// Takes a batch of an inbox; signatures are checked on the queue of the inboxes.
    func take(_ batch: OfferBatch) {
        if let found = batch.problems {
            problems = found
            noteConditions()
        }
        for file in batch.refused { tally.add(file.path, code: file.code, file.reason) }
        let logState = audit.logState
        check(
            batch.offers.filter {
                logState.liveGrant(inFile: FileDigest.sha256(of: $0.bytes)) == nil
            }
        )
    }

    private func check(_ offers: [OpenedFile]) {
        guard let reader else { return }
        guard !offers.isEmpty else { return reader.goOn() }
        let (loaded, count, now) = (policy.loaded, policy.changeCount, clocks.read())
        events.run(on: reader.executor.queue) {
            offers.map { $0.read(by: loaded, nil, at: now) }
        } then: { loop, files in
            loop.judge(files, readUnder: count)
        }
    }

    /// Judges offers whose signatures were checked; again, if other rules took force meanwhile.
    func judge(_ files: [ReadFile], readUnder count: Int) {
        guard count == policy.changeCount else {
            let again = files.map { OpenedFile(origin: $0.arrival.origin, bytes: $0.arrival.bytes) }
            return check(again)
        }
        for file in files { judge(file) }
        reader?.goOn()
    }

    private func judge(_ file: ReadFile) {
        let arrival = file.arrival
        let reception = policy.loaded.reception
        let verdict = reception.judge(file.statement, of: arrival, knowing: submissions.known)
        guard !arrival.origin.isBulletin || verdict.mayBeBulletin else {
            let text = "the file \(Bulletin.fileName) holds something else"
            return refuse(file, code: "bulletin", text)
        }
        switch verdict {
        case .admitted(let new, _) where isKnown(new.grant.id): break
        case .admitted where audit.isClone:
            refuse(file, code: "host-changed", "the audit log is of another machine")
        case .admitted(let new, let lines):
            grants.admit(new, from: arrival.origin, submissions.evidence(arrival.bytes, lines))
        case .denied(let new, let refusal):
            guard refusal.rule != "host", !isKnown(new.grant.id) else { return }
            refuse(file, code: refusal.rule, "\(refusal)")
        // The file of a revocation that took effect stays until its carrier removes it.
        case .refused("host", _), .refused("over", _): break
        // A depot may have bulletins for other hosts.
        case .refused("fleet", _) where policy.policy.freshness == nil: break
        case .refused(let code, let reason): refuse(file, code: code, policy.explained(reason))
        case .revocation(let revocation, let signed):
            submissions.take(revocation, signed, in: file)
        case .unbar(let unbar, let signed): submissions.take(unbar, signed, in: file)
        case .review(let review, let signed): submissions.take(review, signed, in: file)
        case .bulletin(let bulletin, let signed): submissions.take(bulletin, signed, in: file)
        }
    }

    /// Returns true if a grant was accepted before, or has ended.
    private func isKnown(_ id: GrantID) -> Bool {
        switch grants.grantState(of: id) {
        case .accepted, .open, .ended: true
        case .unreadable, nil: grants.lifecycle.grants[id] != nil
        }
    }

    private func refuse(_ file: ReadFile, code: String, _ reason: String) {
        tally.add(file.arrival.origin.path, code: code, reason)
    }

    // MARK: the record of those that were refused

    /// The moment at which a record of refused offers is due.
    func due(at now: Moment) -> Moment? { tally.due(at: now) }

    /// Records the number of refused offers, as far as there is room for records of strangers.
    func recordRefused(at now: Moment, _ packets: PacketRecorder) {
        guard let due = tally.due(at: now), due <= now, let entry = tally.entry else { return }
        guard let gap = packets.summaryGap, tally.hasWaited(gap, at: now), packets.offer(entry)
        else {
            return tally.postpone(at: now)
        }
        tally.told(at: now)
    }
}

package import Grants

/// What the records add up to: the agent's memory across restarts.
///
/// It is the fold of the log, so that log and memory cannot disagree: whoever appends a record
/// hands the same record to `take`.
package struct Ledger: Hashable, Sendable {
    package private(set) var nextSequence: UInt64 = 0
    package private(set) var standings: [GrantID: Standing] = [:]
    package private(set) var mode: String?
    /// `nil` if the policy in force was loaded outright.
    package private(set) var policy: PolicyStanding?
    package private(set) var clock = ClockFloor()
    /// The last grants that ended, oldest first.
    package private(set) var recentEndings = RecentEndings()
    private var refusals: [String: Refused] = [:]
    private var liveDigests: [String: GrantID] = [:]

    private struct Refused: Hashable, Sendable {
        let digest: String?
        /// What stands before the colon; the words after it may tell the time of day.
        let code: Substring?

        init(_ entry: AuditEntry) {
            digest = entry[.digest]
            code = entry[.reason]?.prefix { $0 != ":" }
        }
    }

    package init() {}

    package subscript(id: GrantID) -> Standing? { standings[id] }

    /// The live grant that came in a file of this SHA-256.
    package func liveGrant(inFile digest: String) -> LiveGrant? {
        liveDigests[digest].flatMap { standings[$0]?.live }
    }

    /// Whether these bytes at this path were already refused for this reason.
    package func knows(refusal entry: AuditEntry) -> Bool {
        guard let file = entry[.file], let known = refusals[file] else { return false }
        return known == Refused(entry)
    }

    /// The refused file is gone; should it come back, that is worth a record again.
    package mutating func forgetRefusal(of file: String) {
        refusals[file] = nil
    }

    /// Adds the next record.
    ///
    /// - Throws: if its number is not the next one, or it lacks what its event needs.
    package mutating func take(_ record: Record) throws(RecordError) {
        guard record.sequence == nextSequence else {
            throw RecordError(
                description: "record \(nextSequence) is missing: number \(record.sequence) follows"
            )
        }
        try takeEntry(record)
        clock.take(record.stamp)
        nextSequence += 1
    }

    private mutating func takeEntry(_ record: Record) throws(RecordError) {
        let entry = record.entry
        switch entry.event {
        case .grantAccepted:
            let grant = try LiveGrant(record)
            standings[grant.id] = .accepted(grant)
            liveDigests[grant.digest] = grant.id
        case .grantOpened:
            let grant = try LiveGrant(record)
            let known = standings[grant.id]?.live ?? grant
            let since = record.stamp.realtime
            standings[grant.id] = .open(known, since: since, deadline: try entry.deadline())
            liveDigests[known.digest] = grant.id
        case .grantClosed:
            try takeEnding(record)
        case .grantRefused:
            if let file = entry[.file] {
                refusals[file] = Refused(entry)
            }
        case .modeChanged: mode = entry[.mode] ?? mode
        case .policyLoaded:
            mode = entry[.mode] ?? mode
            // Allowed signers are loaded too, and say nothing of the policy.
            if entry[.policyDigest] != nil { policy = try PolicyStanding(entry) }
        case .agentStarted, .agentStopped, .policyRefused, .grantUsed, .attemptDenied,
            .tamperDetected, .tamperRepaired, .clockStepped:
            break
        }
    }

    private mutating func takeEnding(_ record: Record) throws(RecordError) {
        let id = try record.entry.grantID()
        let before = standings[id]
        if let live = before?.live { liveDigests[live.digest] = nil }
        standings[id] = .ended(
            digest: try record.entry.required(.digest),
            reason: try record.entry.required(.reason)
        )
        recentEndings.add(EndedGrant(entry: record.entry, after: before, at: record.stamp.realtime))
    }
}

extension AuditEntry {
    func required(_ field: AuditField) throws(RecordError) -> String {
        guard let value = self[field] else {
            throw RecordError(description: "`\(field.rawValue)` is missing in \(event.rawValue)")
        }
        return value
    }

    func grantID() throws(RecordError) -> GrantID {
        let text = try required(.grant)
        guard let id = try? GrantID(parsing: text) else {
            throw RecordError(description: "`JITGATE_GRANT` is not a UUID: \(text)")
        }
        return id
    }

    func deadline() throws(RecordError) -> Moment {
        let text = try required(.deadline)
        guard let moment = try? Moment(parsing: text) else {
            throw RecordError(description: "`JITGATE_DEADLINE` is not an RFC 3339 time: \(text)")
        }
        return moment
    }
}

package import Grants

/// The sum of the records: the agent's memory across restarts.
///
/// It is the fold of the log, so that log and memory cannot disagree: code that appends a record
/// hands the same record to `take`.
package struct LogState: Sendable {
    package internal(set) var nextSequence: UInt64 = 0
    /// The grants that were accepted and have not ended.
    package internal(set) var grantStates: [GrantID: GrantState] = [:]
    /// The number of connections that each of them let in.
    package internal(set) var connections: [GrantID: Int] = [:]
    /// The grants that are past their deadline and whose sessions may still go on.
    package internal(set) var draining: [GrantID: DrainingGrant] = [:]
    /// The last break-glass grants that opened, reviewed or not.
    package internal(set) var breakGlass = BreakGlassGrants()
    /// The revocations that outlast their records.
    package internal(set) var lockouts = Lockouts()
    package internal(set) var mode: String?
    /// `nil` if the policy in force was loaded outright.
    package internal(set) var policy: RecordedPolicyState?
    /// The rules by which grants are judged, of this version where a later one made them.
    package internal(set) var rules = RulesVersion.first
    package internal(set) var clock = TimeLowerBound()
    package internal(set) var machine = LoggedMachine()
    /// The last grants that ended, oldest first.
    package internal(set) var recentEndings = RecentEndings()
    /// All that ever ended.
    package internal(set) var ended = EndedGrants()
    var refusals = Refusals()
    private var liveDigests: [String: GrantID] = [:]

    package init() {}

    package subscript(id: GrantID) -> GrantState? { grantStates[id] ?? ended[id] }

    /// The live grant that came in a file of this SHA-256.
    package func liveGrant(inFile digest: String) -> LiveGrant? {
        liveDigests[digest].flatMap { grantStates[$0]?.live }
    }

    /// Returns true if these bytes at this path were already refused for this reason.
    package func knows(refusal entry: AuditEntry) -> Bool { refusals.knows(entry) }

    /// Forgets a refusal whose file is gone; should the file come back, that is worth a record.
    package mutating func forgetRefusal(of file: String) {
        refusals.forget(file)
    }

    /// Notes that the ended grants in memory are in this archive now.
    package mutating func archive(into archive: any TombstoneArchive) {
        ended.take(recentInto: archive)
    }

    /// Two archives, of which the older is at `place`, are this one now.
    package mutating func replace(archivesAt place: Int, with archive: any TombstoneArchive) {
        ended.replace(pairAt: place, with: archive)
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
        // The agent's time, from which the wall clock may have been set back.
        var clock = clock
        clock.take(record)
        try takeEntry(record, at: clock.moment ?? record.stamp.realtime)
        self.clock = clock
        if !record.stamp.machineID.isEmpty { machine.id = record.stamp.machineID }
        nextSequence += 1
    }

    private mutating func takeEntry(
        _ record: Record,
        at moment: Moment
    ) throws(RecordError) {
        let entry = record.entry
        switch entry.event {
        case .grantAccepted:
            let grant = try LiveGrant(record.entry, at: moment, under: rules)
            restore(.accepted(grant), of: grant)
        case .grantOpened:
            let grant = try LiveGrant(record.entry, at: moment, under: rules)
            let known = grantStates[grant.id]?.live ?? grant
            restore(.open(known, since: moment, deadline: try entry.deadline()), of: known)
        case .breakGlassOpened:
            let grant = try LiveGrant(record.entry, at: moment, under: rules)
            breakGlass.open(grantStates[grant.id]?.live ?? grant, at: moment)
        case .reviewAccepted:
            breakGlass.review(try entry.grantID(), by: try entry.required(.review))
        case .grantClosed:
            try takeEnding(record.entry, at: moment)
        case .drainEnded:
            // Without a grant it is about sessions from before enforcing.
            guard entry[.grant] != nil else { break }
            let id = try entry.grantID()
            draining[id] = nil
            lockouts.fleet.hasEnded(id)
        case .grantRefused:
            refusals.add(entry)
        case .modeChanged: mode = entry[.mode] ?? mode
        case .policyLoaded:
            mode = entry[.mode] ?? mode
            rules = RulesVersion(recorded: entry[.rules]) ?? .current
            // Allowed signers are loaded too, and say nothing of the policy.
            if entry[.policyDigest] != nil { policy = try RecordedPolicyState(entry) }
        case .grantUsed: takeConnection(entry)
        case .clockAccepted:
            guard entry.acceptedTime != nil else {
                throw RecordError(description: "`JITGATE_CLOCK` of clock-accepted is no time")
            }
        case .revocationAccepted: try takeRevocation(entry, at: moment)
        case .barLifted: lockouts.lift(entry, at: moment)
        case .bulletinAccepted: try takeBulletin(entry, at: moment)
        case .hostChanged: machine.awaitsKey = true
        case .auditRekeyed: machine.awaitsKey = false
        case .agentStarted, .agentStopped, .policyRefused, .offersRefused, .attemptDenied,
            .attemptsSummary,
            .tamperDetected, .tamperRepaired, .clockStepped:
            break
        }
    }

    mutating func restore(_ grantState: GrantState, of grant: LiveGrant) {
        grantStates[grant.id] = grantState
        liveDigests[grant.digest] = grant.id
    }

    /// Counts the connection of a record, and those before it that have none of their own.
    private mutating func takeConnection(_ entry: AuditEntry) {
        let missed = entry[.missed].flatMap { Int32($0) }.map { max(0, Int($0)) } ?? 0
        for text in entry.fields[.grant, default: []] {
            guard let id = try? GrantID(parsing: text), grantStates[id] != nil else { continue }
            connections[id, default: 0] += 1 + missed
        }
    }

    /// It takes effect once; its name is used up like that of a grant.
    private mutating func takeRevocation(
        _ entry: AuditEntry,
        at moment: Moment
    ) throws(RecordError) {
        // Well behind the slower clock, by which bars end.
        lockouts.bars = bars.filter { moment < $0.value.until + .seconds(24 * 3600) }
        if let bar = try Bar(entry) { lockouts.bars[bar.id] = bar }
        let id = entry[.revocationID].flatMap { try? GrantID(parsing: $0) }
        guard let name = GrantID.revocation(id, digest: entry[.revocation]) else { return }
        let digest = entry[.revocation] ?? ""
        ended.add(Tombstone(name, digest: digest, reason: EndReason.revoked.rawValue))
    }

    private mutating func takeEnding(
        _ entry: AuditEntry,
        at moment: Moment
    ) throws(RecordError) {
        let id = try entry.grantID()
        let digest = try entry.required(.digest)
        let reason = try entry.required(.reason)
        let before = grantStates.removeValue(forKey: id)
        connections[id] = nil
        if let live = before?.live { liveDigests[live.digest] = nil }
        draining[id] = try DrainingGrant(entry, after: before, at: moment, under: rules)
        if draining[id] == nil { lockouts.fleet.hasEnded(id) }
        ended.add(Tombstone(id, digest: digest, reason: reason))
        breakGlass.end(id, at: moment)
        recentEndings.add(EndedGrant(entry: entry, after: before, at: moment))
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

package import Grants

/// The life of all grants as a value: one entry a grant, its phase, and what is due.
///
/// It decides and remembers, and does nothing else: no clock, no disk, no kernel. The agent says what
/// happened (`received`, `withdrawn`, `revoked`, `drained`), asks for the `step` that is due, carries
/// it out, and says what became of it (`recorded` or `notRecorded`, `apply`, `committed`,
/// `closingsRecorded`). A commit that failed is no event: what ended stays `closing` until one
/// succeeds. What a call costs is proportional to what changes, never to the grants there are.
package struct Lifecycle: Sendable {
    /// The grants that there are.
    package internal(set) var grants = EntryTable()
    /// The openings that are held by grants, seen and unseen.
    package internal(set) var held = HeldOpenings()
    var timers: GrantTimers
    var warnings = WarningSchedule()
    /// The deadlines of open grants, earliest first.
    var deadlines = TimerHeap()
    /// Grants that end at the next step.
    var ending: Set<GrantID> = []
    /// Grants whose acceptance is not on record.
    var unrecorded: Set<GrantID> = []
    /// The moment at which the disk is tried again for those, after it refused them.
    var retryDue: Moment?
    var ends = UnrecordedEnds()
    /// The open grants that supersede others, by the ids of these, which end if they are still live.
    var superseders: [GrantID: GrantID] = [:]
    /// The offers that wait for a bulletin.
    package internal(set) var offers = HeldOffers()

    /// `lead` is the time before its deadline at which a grant is ended, so that nothing outlasts it.
    package init(lead: Duration = .zero) {
        timers = GrantTimers(lead: lead)
    }

    // MARK: grants of an earlier agent

    /// Takes in a live grant of the log whose file was not read yet.
    package mutating func restore(_ id: GrantID, digest: String, _ recorded: RecordedGrant) {
        guard grants[id] == nil else { return }
        grants.add(Entry(id: id, digest: digest, phase: .unseen(recorded)))
        guard let deadline = recorded.deadline else { return }
        for old in recorded.supersedes { superseders[old] = id }
        timers.end(id, at: deadline)
        held.hold(recorded.openings, by: id, until: deadline)
    }

    /// Takes in a draining grant of the log; to be called after the open ones.
    package mutating func restore(
        _ provenance: GrantProvenance,
        openSince: Moment,
        deadline: Moment,
        drainingUntil until: Moment
    ) {
        let id = provenance.grant.id
        guard grants[id] == nil else { return }
        let phase = Phase.draining(
            since: openSince,
            deadline: deadline,
            until: until,
            isOnRecord: true
        )
        grants.add(Entry(id: id, provenance: provenance, digest: provenance.digest, phase: phase))
        timers.end(id, at: until)
        endIfSuperseded(id)
    }

    /// Ends a grant that an open one supersedes: an earlier agent died before that was on record.
    private mutating func endIfSuperseded(_ id: GrantID) {
        guard let newer = superseders[id], withdrawn(id, because: .superseded) else { return }
        grants.change(id) { $0.superseder = $0.superseder ?? newer }
    }

    /// Shuts the openings of unseen grants, as all files that are there were read or cannot be.
    package mutating func shutUnseen() {
        for entry in grants.unseen { held.release(entry.openings, by: entry.id) }
    }

    // MARK: events

    /// Takes in an admitted grant, to open at once or at its `notBefore`.
    ///
    /// A grant that is open by the log stays so until the deadline on record. Of a known grant only
    /// what is not on record changes.
    package mutating func received(_ provenance: GrantProvenance, _ evidence: Evidence?) {
        let (grant, id) = (provenance.grant, provenance.grant.id)
        var entry = Entry(
            id: id,
            provenance: provenance,
            digest: provenance.digest,
            phase: .waiting(start: grant.start)
        )
        switch grants[id]?.phase.living {
        case nil:
            entry.phase = .accepted(start: grant.start)
            entry.evidence = evidence
            wait(entry, grant)
            unrecorded.insert(id)
            endIfSuperseded(id)
        case .unseen(let recorded):
            guard case .unseen = grants[id]?.phase else { return }
            held.release(recorded.openings, by: id)
            if let since = recorded.since, let deadline = recorded.deadline {
                grants.add(entry)
                open(id, since: since, until: min(deadline, grant.expires))
            } else {
                wait(entry, grant)
            }
            endIfSuperseded(id)
        case .accepted where grants[id]?.digest == provenance.digest:
            grants.change(id) { ($0.provenance, $0.evidence) = (provenance, evidence) }
        default: break
        }
    }

    private mutating func wait(_ entry: Entry, _ grant: Grant) {
        grants.add(entry)
        timers.start(grant.id, at: grant.start)
        // What opens at once needs no alarm for the end of its waiting.
        if grant.notBefore != nil { timers.end(grant.id, at: grant.expires, early: false) }
    }

    /// Ends a live grant at the next step, `false` if there is none; the first reason stays.
    package mutating func withdrawn(_ id: GrantID, because reason: EndReason) -> Bool {
        guard let phase = grants[id]?.phase, phase.isLive else { return false }
        if case .ending = phase { return true }
        grants.put(.ending(phase, because: reason), id)
        ending.insert(id)
        return true
    }

    /// The same by a revocation; the first one that asks for it stays.
    package mutating func revoked(
        _ id: GrantID,
        because reason: EndReason = .revoked,
        _ origin: RevocationOrigin
    ) -> Bool {
        guard withdrawn(id, because: reason) else { return false }
        grants.change(id) { $0.origin = $0.origin ?? origin }
        return true
    }

    /// Remembers a grant that was revoked before it came, until that is on record.
    package mutating func barred(_ id: GrantID, digest: String) {
        guard grants[id] == nil else { return }
        grants.add(Entry(id: id, digest: digest, phase: .ended(because: .revoked)))
        ends.addBarred(id)
    }

    /// Brings the end of a draining grant forward, never back.
    package mutating func limitDrain(_ id: GrantID, until end: Moment) {
        guard let phase = grants[id]?.phase.drainingLess(until: end) else { return }
        grants.put(phase, id)
        timers.end(id, at: end)
    }

    /// Tries all postponed grants at the next step: time went back.
    package mutating func timeWentBack() {
        timers.retryAll()
        retryDue = nil
    }
}

extension Grant {
    /// The moment at which it opens, on the opening time.
    var start: Moment { notBefore ?? Moment(microseconds: .min) }
}

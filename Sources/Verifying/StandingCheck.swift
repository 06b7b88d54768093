import Admission
import Auditing
import Grants

/// Checks that grants open only as they were signed, once, and after they were accepted.
///
/// The host's audit key can sign any record, but its holder cannot replace a grant's signers.
struct StandingCheck: Sendable {
    /// A grant that was accepted, or opened where that is not at hand, and has not ended.
    private struct Live {
        let digest: String?
        /// `nil` if its evidence is not at hand, or not right.
        let grant: Grant?
        /// The people and keys that signed it.
        var parties = GrantParties()
        var isOpen = false
    }

    private var live: [GrantID: Live] = [:]
    private var ended: Set<GrantID> = []
    /// Grants that are past their deadline and whose sessions may go on.
    private var draining: [GrantID: Live] = [:]
    /// The accepted grants that supersede others.
    private var superseders: [GrantID: Set<GrantID>] = [:]
    /// True while a grant was accepted, or opened, that has not ended.
    var hasLive: Bool { !live.isEmpty }
    /// The number of openings that rest on a record that is not at hand.
    private(set) var unproven = 0
    /// True if all records are at hand, so that each one that another rests on must be among them.
    private let isWhole: Bool

    init(isWhole: Bool) {
        self.isWhole = isWhole
    }

    /// `grant` is what was signed, if that is known.
    mutating func accept(
        _ entry: AuditEntry,
        _ grant: Grant?,
        by parties: GrantParties = GrantParties()
    ) throws(RecordFlaw) {
        guard let id = entry.grantID else { return }
        let isTaken = live[id] != nil || ended.contains(id)
        live[id] = Live(digest: entry[.digest], grant: grant, parties: parties)
        if let old = grant?.supersedes, !old.isEmpty { superseders[id] = Set(old) }
        guard !isTaken else {
            throw RecordFlaw(.unaccepted, "a grant was accepted whose id was taken before")
        }
    }

    /// Takes note of grants that a bulletin revokes: those that never came do not come any more.
    mutating func revoke(_ ids: [GrantID]) {
        for id in ids where live[id] == nil && draining[id] == nil { ended.insert(id) }
    }

    /// `moment` is the latest time that it may have been.
    mutating func open(_ entry: AuditEntry, by moment: Moment) throws(RecordFlaw) {
        guard let id = entry.grantID else {
            throw RecordFlaw(.unaccepted, "a grant opened that no record accepted")
        }
        defer { live[id, default: Live(digest: entry[.digest], grant: nil)].isOpen = true }
        guard let known = live[id] else {
            guard isWhole || ended.contains(id) else { return unproven += 1 }
            let text =
                "a grant opened that " + (ended.contains(id) ? "had ended" : "no record accepted")
            throw RecordFlaw(.unaccepted, text)
        }
        guard known.digest == entry[.digest] else {
            throw RecordFlaw(.unaccepted, "a grant opened that no record accepted")
        }
        guard !known.isOpen else {
            throw RecordFlaw(.unaccepted, "a grant opened that was open already")
        }
        guard let grant = known.grant else { return }
        try entry.requireFields(grant.signedFields)
        try requireTime(entry, of: grant, by: moment)
    }

    /// Access may begin and must end when the grant says.
    private func requireTime(
        _ entry: AuditEntry,
        of grant: Grant,
        by moment: Moment
    ) throws(RecordFlaw) {
        // Without all records before it, when it was is not known well enough.
        let latest = isWhole ? grant.deadline(openingAt: moment) : grant.expires
        guard let text = entry[.deadline], let deadline = try? Moment(parsing: text),
            deadline <= latest
        else {
            throw RecordFlaw(.evidence, "its JITGATE_DEADLINE is later than what was signed allows")
        }
        guard !isWhole || grant.notBefore.map({ $0 <= moment }) ?? true else {
            throw RecordFlaw(.evidence, "the grant opened before the time that was signed")
        }
    }

    /// The facts that revocations select by, of the grant that a record names, if the signed file
    /// is known.
    func revocable(_ entry: AuditEntry) -> RevocableGrant? {
        guard let id = entry.grantID, let known = live[id] ?? draining[id],
            let grant = known.grant
        else { return nil }
        return RevocableGrant(grant, signedBy: known.parties)
    }

    /// The live grants, as far as they are known, that a grant supersedes.
    func superseded(by grant: Grant) -> [GrantID: SupersededGrant] {
        var found: [GrantID: SupersededGrant] = [:]
        for id in grant.supersedes {
            guard let old = live[id]?.grant ?? draining[id]?.grant else { continue }
            found[id] = SupersededGrant(requestor: old.requestor, ports: old.ports)
        }
        return found
    }

    /// Requires that a grant which ends in favour of another one is named by it.
    private func requireSuperseder(_ entry: AuditEntry, of id: GrantID) throws(RecordFlaw) {
        guard let text = entry[.superseder] else { return }
        let known = (try? GrantID(parsing: text)).flatMap { superseders[$0] }
        guard known == nil && !isWhole || known?.contains(id) == true else {
            throw RecordFlaw(.unaccepted, "a grant was superseded by one that does not name it")
        }
    }

    mutating func close(_ entry: AuditEntry) throws(RecordFlaw) {
        guard let id = entry.grantID else { return }
        let known = live.removeValue(forKey: id)
        ended.insert(id)
        try requireSuperseder(entry, of: id)
        if entry[.drainUntil] != nil {
            draining[id] = known ?? Live(digest: entry[.digest], grant: nil)
            guard entry[.reason] == EndReason.expired.rawValue, known?.isOpen ?? true else {
                throw RecordFlaw(.unaccepted, "a grant drains that did not reach its deadline")
            }
        }
        guard let known, let grant = known.grant, let digest = known.digest else { return }
        try entry.requireFields(grant.signedFields.merging([.digest: [digest]]) { $1 })
    }

    /// Notes the end of a drained grant: once, and after the record that let it drain.
    mutating func endDrain(_ entry: AuditEntry) throws(RecordFlaw) {
        guard let id = entry.grantID else { return }
        guard let known = draining.removeValue(forKey: id) else {
            guard isWhole || ended.contains(id) else { return }
            throw RecordFlaw(.unaccepted, "sessions have drained that no record let drain")
        }
        try requireSuperseder(entry, of: id)
        guard let grant = known.grant, let digest = known.digest else { return }
        try entry.requireFields(grant.signedFields.merging([.digest: [digest]]) { $1 })
    }
}

extension Grant {
    /// The fields that records of the grant must have, independent of who may sign by then.
    var signedFields: [AuditField: [String]] {
        [
            .grant: [id.description], .requestor: [requestor],
            .justification: justification.map { [$0] } ?? [],
            .ticket: ticket.map { [$0] } ?? [],
            .supersedes: supersedes.map(\.description),
            .sources: sources.map(\.description), .ports: ports.map(\.description),
        ]
    }
}

import Admission
import Auditing
import Conditions
import AgentSettings
import Grants
import Lifecycle
import Linux
import Recording
import Signatures

/// The bulletins of the fleet: what they revoke, and whether the newest is fresh.
///
/// Its revocations are on record before the grants end; one that revokes nothing new leaves no record. The
/// newest one is known by its file in an inbox alone: an agent that starts has none until it has read it.
final class Bulletins {
    private var newest = NewestBulletin()
    private var news = BulletinNews()
    /// True while keys that found no room do not count.
    private var hasOverflow = false
    /// The changes of policy and signers by which the newest was judged.
    private var changeCount = 0
    /// The state that the condition tells of.
    private var told: Staleness?
    private let policy: PolicyManager
    private let grants: GrantTable
    private let audit: AuditWriter
    private let clocks: Clocks
    private let conditions: HostConditions

    init(
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ conditions: HostConditions
    ) {
        (self.policy, self.grants, self.audit) = (policy, grants, audit)
        (self.clocks, self.conditions) = (clocks, conditions)
    }

    private var rule: FreshnessRule? { policy.policy.freshness }

    /// True while grants that came by an inbox wait.
    var isStale: Bool { told != nil }

    /// The number of keys that do not count, since bulletins revoked them.
    var revokedKeyCount: Int { grants.barredKeys.fingerprints.count }

    // MARK: a bulletin

    /// Acts on a bulletin with a valid signature, whenever it was issued.
    func take(_ bulletin: Bulletin, _ signed: SignedPayload, in file: ReadFile) {
        apply(bulletin, signed, in: file)
        let next = NewestBulletin.Taken(
            bulletin: bulletin,
            digest: file.digest,
            bytes: file.arrival.bytes
        )
        if newest.take(next, at: clocks.read().closing) { noteNewest() }
        // It may have revoked the key that signed it, or another one.
        if !bulletin.revokedKeys.isEmpty { judgeAgain() }
    }

    private func apply(_ bulletin: Bulletin, _ signed: SignedPayload, in file: ReadFile) {
        let fleet = audit.logState.lockouts.fleet
        let barred = grants.barredKeys
        guard
            let found = news.take(bulletin, knowing: fleet, barred: barred, isNews: isNews)
        else { return }
        let actors = signed.signatures.map { "signer:" + $0.principal }
        let origin = RevocationOrigin(
            actors: actors,
            comment: bulletin.title,
            revocation: file.digest
        )
        let orders = orders(found, origin)
        // Keys without room leave a record if they end something: there is no end of them.
        if !found.isOverflowAlone || orders.contains(where: { !grants.matching($0).isEmpty }) {
            let source = AuditEntry.RevocationSource(
                actors: actors,
                digest: file.digest,
                file: file.arrival.origin.path,
                evidence: Evidence(file, signed, under: policy.loaded).fields
            )
            audit.note(BulletinRecords.accepted(bulletin, found, by: source))
        }
        revoke(found, in: file.digest, orders)
        noteKeys()
    }

    /// The revocations that end what is live; those of grants that never came need none.
    private func orders(
        _ found: BulletinNews.Found,
        _ origin: RevocationOrigin
    ) -> [PendingRevocation] {
        let live = found.grants.filter(grants.lifecycle.grants.isLive)
        var keys = RevocationSelection()
        keys.keys = found.keys + found.overflow
        let byID = PendingRevocation(RevocationSelection(ids: live), origin: origin)
        let byKey = PendingRevocation(keys, reason: .keyRevoked, origin: origin)
        return [byID, byKey].filter { !$0.selection.isEmpty }
    }

    /// Ends the grants that a bulletin revokes, at the end of the turn; its keys do not count from now
    /// on.
    private func revoke(
        _ found: BulletinNews.Found,
        in digest: String,
        _ orders: [PendingRevocation]
    ) {
        for order in orders { grants.revoke(order) }
        // While no record says so, those that never came are kept from opening in another way.
        if audit.isWaiting {
            for id in found.grants where !grants.lifecycle.grants.isLive(id) {
                grants.lifecycle.barred(id, digest: digest)
            }
        }
        for key in found.keys { grants.barredKeys.insert(key) }
        hasOverflow = hasOverflow || !found.overflow.isEmpty
        guard grants.barredKeys.fingerprints.count < 2 * FleetRevocations.keyLimit else { return }
        for key in found.overflow { grants.barredKeys.insert(key) }
    }

    /// Ends the grants that bulletins revoked when an earlier agent died before that was on record.
    func endRevoked() {
        for (id, ending) in audit.logState.lockouts.fleet.ending {
            let origin = RevocationOrigin(
                actors: ending.actors,
                comment: ending.comment,
                revocation: ending.digest
            )
            _ = grants.lifecycle.revoked(id, because: ending.reason, origin)
        }
    }

    /// Returns true if a grant has not ended, as far as is known.
    private func isNews(_ id: GrantID) -> Bool {
        if grants.lifecycle.grants.isLive(id) { return true }
        switch grants.grantState(of: id) {
        case nil, .unreadable, .accepted, .open: return true
        case .ended: return false
        }
    }

    /// Lets keys count again that bulletins revoked, once that is on record.
    func lift(
        _ keys: [String],
        because reason: String,
        by source: AuditEntry.RevocationSource
    ) throws(RecordingError) {
        guard !keys.isEmpty else { return }
        // The bulletin that is at hand names them, most likely.
        let entry = BulletinRecords.lifted(
            keys,
            because: reason,
            against: newest.latestIssue,
            by: source
        )
        try audit.append([entry], at: .now())
        for key in keys { grants.barredKeys.remove(key) }
        noteKeys()
    }

    private func noteKeys() {
        let count = audit.logState.lockouts.fleet.keys.count
        hasOverflow = hasOverflow && count >= FleetRevocations.keyLimit
        conditions.set(.revokedKeysFull, hasOverflow ? DepotConditions.revokedKeysFull(count) : nil)
    }

    // MARK: the newest

    /// The newest one that counts, or that counted before time went back.
    var taken: NewestBulletin.Taken? { newest.taken }

    /// Judges the newest by the signers, policy and revoked keys of now.
    private func judgeAgain() {
        changeCount = policy.changeCount
        newest.keep(where: isValid)
    }

    private func isValid(_ taken: NewestBulletin.Taken) -> Bool {
        let intake = policy.loaded.reception
        let now = clocks.read().closing
        guard
            let document = try? SignedDocument(
                taken.bytes,
                signersBy: intake.verifier,
                at: now
            ), case .bulletin(let bulletin) = document.content
        else { return false }
        var admission = intake.admission
        admission.barredKeys = grants.barredKeys
        return admission.refusal(of: bulletin, signedBy: document.payload) == nil
    }

    // MARK: freshness

    /// Lets offers open or wait, as the newest bulletin is fresh or not.
    func update(at now: Moment) {
        if changeCount != policy.changeCount { judgeAgain() }
        if newest.timePassed(at: now) { noteNewest() }
        let staleness = newest.staleness(by: rule, at: now)
        if staleness == nil {
            HeldOffers.release(in: &grants.lifecycle)
        } else {
            HeldOffers.hold(in: &grants.lifecycle)
        }
        guard staleness != told else { return }
        told = staleness
        conditions.set(.bulletinStale, staleness.map(\.condition))
    }

    private func noteNewest() {
        if let issued = taken?.bulletin.issued { clocks.keepAbove(issued) }
    }

    /// The moment at which offers wait that did not, or the other way round.
    func due(at now: Moment) -> Moment? { newest.due(by: rule, at: now) }
}

extension BulletinRecords {
    /// The record of what is new in a bulletin.
    fileprivate static func accepted(
        _ bulletin: Bulletin,
        _ found: BulletinNews.Found,
        by source: AuditEntry.RevocationSource
    ) -> AuditEntry {
        var revoked = RevocationSelection(ids: found.grants)
        revoked.keys = found.keys
        return accepted(bulletin, revoking: revoked, refusal: found.refusal, by: source)
    }
}

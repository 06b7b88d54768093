import Admission
import Auditing
import Grants
import Lifecycle

/// The effects of revocations and bars on the grants of the table.
extension GrantTable {
    /// The records that bar superseded grants which never came from opening.
    func bars(by entry: Lifecycle.Entry) -> [AuditEntry] {
        let ids = entry.grant?.supersedes.filter { !lifecycle.grants.isLive($0) } ?? []
        let fields: [AuditField: [String]] = [
            .superseder: [entry.id.description], .digest: [entry.digest],
        ]
        return ids.filter(mayStillCome).map { .barred($0, because: .superseded, fields) }
    }

    /// Takes a revocation to be acted on at the end of the turn; a bar holds from now on.
    func revoke(_ order: PendingRevocation) {
        revocations.append(order)
        if let bar = order.bar { bars.add(bar) }
    }

    /// Ends the grants that revocations name, after all files that came with them; returns the
    /// revocations, and the records of grants that never came and are barred.
    func takeRevocations() -> (done: [PendingRevocation], barred: [AuditEntry]) {
        var barred: [AuditEntry] = []
        var done: [PendingRevocation] = []
        for var order in revocations {
            // One record carries the file; all name it.
            var origin = order.origin
            if !order.isNarrow { origin.evidence = nil }
            for id in order.selection.ids {
                if lifecycle.grants.isLive(id) {
                    guard lifecycle.grants[id]?.origin == nil else { continue }
                    _ = lifecycle.revoked(id, because: order.reason, origin)
                } else if mayStillCome(id) {
                    lifecycle.barred(id, digest: order.file?.digest ?? "")
                    barred.append(.barred(id, because: .revoked, order.fields(origin)))
                } else {
                    continue
                }
                origin.evidence = nil
            }
            order.ended = order.isNarrow ? order.selection.ids : endMatching(order, origin)
            done.append(order)
        }
        revocations = []
        return (done, barred)
    }

    private func endMatching(_ order: PendingRevocation, _ origin: RevocationOrigin) -> [GrantID] {
        let ids = matching(order)
        for id in ids where lifecycle.grants[id]?.origin == nil {
            _ = lifecycle.revoked(id, because: order.reason, origin)
        }
        return ids
    }

    /// The live grants that a revocation selects.
    func matching(_ order: PendingRevocation) -> [GrantID] {
        let grants = lifecycle.grants
        let entries = Array(grants.all) + Array(grants.unseen)
        return entries.filter { matches(order, $0) }.map(\.id).sorted()
    }

    func matches(_ order: PendingRevocation, _ entry: Lifecycle.Entry) -> Bool {
        order.match.matches(
            revocable(entry)
                ?? RevocableGrant(id: entry.id, requestor: "", sources: [], parties: GrantParties())
        )
    }

    /// The facts that revocations select by; `nil` for a grant that never came.
    func revocable(_ entry: Lifecycle.Entry) -> RevocableGrant? {
        if let provenance = entry.provenance { return RevocableGrant(provenance) }
        return audit.logState.grantStates[entry.id]?.live.map(RevocableGrant.init)
    }

    /// Returns true if nothing known of a grant would keep it from opening.
    private func mayStillCome(_ id: GrantID) -> Bool {
        switch grantState(of: id) {
        case nil, .unreadable: true
        case .accepted, .open, .ended: false
        }
    }
}

extension RevocableGrant {
    init(_ provenance: GrantProvenance) {
        self.init(provenance.grant, signedBy: provenance.parties)
    }

    init(_ live: LiveGrant) {
        self.init(
            id: live.id,
            requestor: live.requestor,
            sources: live.sources,
            parties: live.parties
        )
    }
}

import Admission
import Auditing
import Grants
import Lifecycle
import Linux

/// All grants, the holders of each, and the revocations that wait to be acted on.
final class GrantTable {
    /// Its lead is longer than a wake-up and a commit, so that nothing outlives its deadline.
    var lifecycle = Lifecycle(lead: .milliseconds(4))
    private var holders = GrantHolders()
    /// Grants whose last file changed its content or went, and why that ends them.
    private var fileless: [GrantID: EndReason] = [:]
    /// The bars that were not lifted.
    var bars: BarTable
    /// The keys whose signatures do not count, since bulletins revoked them.
    var barredKeys: BarredKeys
    /// Revocations that wait to be acted on.
    var revocations: [PendingRevocation] = []
    /// True if a grant came since that was last asked.
    private var hasArrivals = false
    let audit: AuditWriter

    /// Takes over the live grants of an earlier agent.
    init(_ audit: AuditWriter) {
        self.audit = audit
        bars = BarTable(audit.logState.bars.values)
        barredKeys = BarredKeys(audit.logState.lockouts.fleet.keys.keys)
        for (id, state) in audit.logState.grantStates {
            guard let live = state.live else { continue }
            lifecycle.restore(id, digest: live.digest, RecordedGrant(state, live))
            if live.origin == .inbox { holders.adopt(id) }
        }
        for draining in audit.logState.draining.values {
            lifecycle.restore(
                GrantProvenance(draining),
                openSince: draining.openedAt,
                deadline: draining.deadline,
                drainingUntil: draining.until
            )
        }
    }

    /// The state of a grant by the log, and by endings that are not on record yet.
    func grantState(of id: GrantID) -> GrantState? {
        guard let entry = lifecycle.grants[id] else { return audit.logState[id] }
        switch entry.phase.living {
        case .closing(let reason), .ended(let reason):
            return .ended(digest: entry.digest, reason: reason.rawValue)
        case .draining(_, _, _, false):
            return .ended(digest: entry.digest, reason: EndReason.expired.rawValue)
        default: return audit.logState[id]
        }
    }

    /// The grants that a grant supersedes, as far as they are live or their end is not on record.
    func superseded(by grant: Grant) -> [GrantID: SupersededGrant] {
        var found: [GrantID: SupersededGrant] = [:]
        for id in grant.supersedes {
            if let old = lifecycle.grants[id]?.grant {
                found[id] = SupersededGrant(requestor: old.requestor, ports: old.ports)
            } else if let live = audit.logState.grantStates[id]?.live {
                found[id] = SupersededGrant(requestor: live.requestor, ports: live.ports)
            }
        }
        return found
    }

    /// The requestor of a grant that waits, is open or drains.
    func requestor(of id: GrantID) -> String? {
        lifecycle.grants.isLive(id) ? lifecycle.grants[id].flatMap(revocable)?.requestor : nil
    }

    /// The ids of all grants that have not ended.
    var allLive: [GrantID] {
        (lifecycle.grants.all.map(\.id) + lifecycle.grants.unseen.map(\.id)).sorted()
    }

    // MARK: files

    /// Every file that holds a live grant.
    var paths: some Collection<String> { holders.files }

    /// The grants that the log holds, since they came by an inbox.
    var adopted: Set<GrantID> { holders.adopted }

    /// Takes in a grant that was admitted.
    func admit(_ new: GrantProvenance, from origin: ArrivalOrigin, _ evidence: Evidence?) {
        let id = new.grant.id
        switch origin {
        case .file(let path, let state):
            if let old = holders[path], old != id { forget(path, because: .superseded) }
            holders.put(id, at: path, in: state)
            // The file is a copy of an offer: what the record says of that stays so.
            if adopted.contains(id), lifecycle.grants.isKnown(id) {
                return HeldOffers.exempt(id, in: &lifecycle)
            }
        case .offer, .adopted: holders.adopt(id)
        }
        lifecycle.received(new, evidence)
        hasArrivals = true
    }

    /// Returns true if a grant came since the last call.
    func takeArrivals() -> Bool {
        defer { hasArrivals = false }
        return hasArrivals
    }

    /// Keeps a file as the holder of a grant that drains.
    func keep(_ path: String, of id: GrantID, in state: FileIdentity) {
        holders.put(id, at: path, in: state)
    }

    /// The file no longer says what it said: its grant ends, unless another file says it too; answers
    /// which grant may.
    @discardableResult
    func forget(_ path: String, because reason: EndReason = .removed) -> GrantID? {
        guard let id = holders.remove(path) else { return nil }
        note(fileless: id, because: reason)
        return id
    }

    /// Notes that the log holds a grant no longer: it ends, unless a file holds it too.
    func disown(_ id: GrantID, because reason: EndReason) {
        holders.disown(id)
        if !holders.hold(id) { note(fileless: id, because: reason) }
    }

    /// Ends a grant that was live when this agent began, because of today's policy and signers.
    func endByPolicy(_ id: GrantID) {
        guard !lifecycle.grants.isKnown(id) else { return }
        fileless[id] = .policy
    }

    private func note(fileless id: GrantID, because reason: EndReason) {
        if fileless[id] == nil { fileless[id] = reason }
    }

    /// The files of a grant that has ended, each in the state that it was read in.
    func removeFiles(of id: GrantID) -> [String: FileIdentity] { holders.remove(id) }

    /// Ends the grants that no file says any more, after all files that came at once were read: one may
    /// only have another name by now.
    ///
    /// While not all files are read that were listed, only those whose files were seen to go.
    func endFileless(whileScanning isScanning: Bool, butFor withdrawn: Set<GrantID>) {
        for (id, reason) in fileless where !isScanning || withdrawn.contains(id) {
            fileless[id] = nil
            guard !holders.hold(id) else { continue }
            _ = lifecycle.withdrawn(id, because: reason)
        }
    }

    /// Ends the grants that an earlier agent had live and whose files are gone.
    func endUnseen(because rule: EndReason?, at now: Moment) {
        for entry in Array(lifecycle.grants.unseen) {
            let order = revocations.first { matches($0, entry) }
            if case .unseen(let recorded) = entry.phase, let end = recorded.deadline, end <= now {
                _ = lifecycle.withdrawn(entry.id, because: .expired)
            } else if let order {
                _ = lifecycle.revoked(entry.id, because: order.reason, order.origin)
            } else if rule == nil, holders.hold(entry.id) {
                // Its file in the log cannot be read now, which is tried again.
                continue
            } else {
                let reason = rule ?? fileless[entry.id] ?? .removed
                _ = lifecycle.withdrawn(entry.id, because: reason)
            }
        }
    }
}

extension RecordedGrant {
    fileprivate init(_ state: GrantState, _ live: LiveGrant) {
        let sources = live.fields[.sources, default: []].compactMap { try? Prefix(parsing: $0) }
        let ports = live.fields[.ports, default: []].compactMap { try? Port(parsing: $0) }
        let openings = ports.flatMap { port in sources.map { Opening(source: $0, port: port) } }
        if case .open(_, let since, let deadline) = state {
            self.init(
                openings: openings,
                since: since,
                deadline: deadline,
                supersedes: live.supersedes
            )
        } else {
            self.init(openings: openings)
        }
    }
}

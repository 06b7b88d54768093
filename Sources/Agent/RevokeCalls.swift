import Admission
import AgentInterface
import Auditing
import Grants
import Lifecycle
import Linux
import Recording
import Varlink

/// The handlers of the methods that revoke, and that list and end bars.
extension ControlCalls {
    func revoke(
        _ parameters: RevokeParameters,
        by peer: PeerCredentials
    ) throws(VarlinkError) -> RevokeReply {
        let selection = parameters.selection
        let table = grants.lifecycle.grants
        if let unknown = selection.ids.first(where: { !table.isLive($0) }) {
            throw .noSuchGrant([unknown.description])
        }
        let origin = RevocationOrigin(actors: [peer.actor], comment: parameters.reason)
        var notice: PendingRevocation.Notice?
        // Ending all without a bar needs no record of its own: the records of the endings say so.
        let isPlain = parameters.until == nil && (selection.isOfIDsAlone || selection.all)
        let revoked = turns.run { now in
            if !isPlain {
                var generator = SystemRandomNumberGenerator()
                let id = GrantID.random(using: &generator)
                notice = grants.notice(id: id, until: parameters.until, at: now)
            }
            let order = PendingRevocation(selection, origin: origin, notice: notice)
            grants.revoke(order)
            return grants.matching(order)
        }
        try requireCommitted()
        if audit.isWaiting, let error = audit.failure {
            let text = "it is closed, but that is not on record until the disk takes it: \(error)"
            throw .failed(text)
        }
        guard notice?.refusal == nil else { throw .barsFull }
        let bar = notice?.until == nil ? nil : notice?.id
        return RevokeReply(revoked: revoked, bar: bar, until: notice?.until)
    }

    func bars() -> BarList {
        let bars = grants.bars.inForce(at: clocks.read().opening)
        let keys = audit.logState.lockouts.fleet.keys.sorted { $0.key < $1.key }
        return BarList(
            bars: bars.map { BarEntry($0, selects: $0.selection.summary) },
            keys: keys.map { fingerprint, key in
                RevokedKeyEntry(key: fingerprint, since: key.since, bulletin: key.digest)
            }
        )
    }

    func unbar(
        _ parameters: UnbarParameters,
        by peer: PeerCredentials
    ) throws(VarlinkError) -> BarList {
        if let unknown = parameters.ids.first(where: { grants.bars[$0] == nil }) {
            throw .noSuchBar([unknown.description])
        }
        let revoked = grants.barredKeys.fingerprints
        if let unknown = parameters.keys.first(where: { !revoked.contains($0) }) {
            throw .noSuchBar([unknown])
        }
        do throws(RecordingError) {
            let source = AuditEntry.RevocationSource(actors: [peer.actor])
            try grants.unbar(parameters.ids, because: parameters.reason, by: source)
            let bulletins = arrivals.bulletins
            try bulletins.lift(parameters.keys, because: parameters.reason, by: source)
        } catch {
            throw .failed("it cannot be recorded, so the bars stay: \(error)")
        }
        // Files that were refused for a bar.
        turns.run { _ in arrivals.judgeEverything() }
        return bars()
    }
}

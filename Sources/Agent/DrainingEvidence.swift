import Auditing
import Grants

/// The questions that are asked again of grants whose files are gone.
extension PolicyManager {
    /// Returns true if policy and signers would still admit a grant that drains, as is asked of
    /// open ones.
    ///
    /// Its file is gone by now: what is kept of it as evidence counts.
    func stillAdmits(_ id: GrantID) -> Bool {
        guard let draining = audit.logState.draining[id] else { return true }
        let live = draining.grant
        guard let bytes = audit.evidence(of: live.digest) else { return !loaded.hasChanged }
        let arrival = GrantIntake.Arrival(
            origin: .adopted(id, offer: live.fields[.file]?.first ?? ""),
            bytes: bytes,
            signedAt: live.acceptedAt,
            now: draining.openedAt,
            opening: draining.openedAt,
            earlierRules: loaded.earlierRules(of: live)
        )
        let reception = loaded.reception
        let grantState = GrantState.open(
            live,
            since: draining.openedAt,
            deadline: draining.deadline
        )
        let known = KnownGrants(grantState: { _ in grantState })
        let verdict = reception.judge(reception.read(arrival), of: arrival, knowing: known)
        if case .admitted = verdict { return true }
        return false
    }
}

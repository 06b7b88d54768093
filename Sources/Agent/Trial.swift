import Admission
import Auditing
import Configuration
import Control
import Grants
import Linux

/// A policy on trial: in force, and gone again unless it is confirmed.
///
/// The record of it is on disk before it takes force, and holds the policy that comes back. So
/// whoever starts next knows both, whatever happened to this agent (PROTOCOL.audit, section 4).
extension Gatekeeper {
    /// The record holds both policies, each escaped to twice its size at most: less than 1 MiB.
    private static let sizeLimit = 384 * 1024

    /// Puts the policy on disk on trial, once that is on disk.
    func beginTrial(
        seconds: Int,
        by peer: PeerCredentials,
        from connections: [String]
    ) throws(ControlFault) -> TrialReply {
        let next = try rulebookOnDisk()
        let deadline = read() + .seconds(seconds)
        let fallback: PolicySource
        if case .onTrial(_, let earlier) = tenure {
            fallback = earlier
        } else {
            fallback = rulebook.policy
        }
        guard next.policy.text.utf8.count + fallback.text.utf8.count <= Self.sizeLimit else {
            throw .failed("the two policies are larger than \(Self.sizeLimit / 1024) KiB together")
        }
        let policy = next.configuration.policy
        let text = "Policy on trial until \(deadline), in \(policy.mode.rawValue) mode"
        ongoing.called(from: connections)
        try force(next, .onTrial(until: deadline, fallback: fallback), text, by: peer)
        return TrialReply(
            mode: policy.mode.rawValue,
            protectedPorts: policy.ports.keys.sorted().map(\.description),
            until: deadline.description,
            sessionsLeftOut: ongoing.existingLeftOut
        )
    }

    /// Keeps the policy on trial, once that is on disk.
    func confirmTrial(by peer: PeerCredentials) throws(ControlFault) -> ReloadReply {
        _ = endTrialIfOver()
        guard case .onTrial = tenure else { throw .noTrial }
        let mode = rulebook.configuration.policy.mode.rawValue
        try force(rulebook, .settled, "Policy confirmed, in \(mode) mode", by: peer)
        return ReloadReply(rulebook.configuration, leavingOut: ongoing.existingLeftOut)
    }

    /// The rules take force after the record of it, or not at all.
    private func force(
        _ next: Rulebook,
        _ tenure: Tenure,
        _ text: String,
        by peer: PeerCredentials
    ) throws(ControlFault) {
        var entries = loadedEntries(next, tenure, text)
        entries[0].fields[.actor] = ["uid:\(peer.userID)"]
        try record(entries)
        take(next, tenure)
    }

    /// Brings back the policy from before a trial that was not confirmed in time.
    ///
    /// Answers whether it did; then everything is as `rescan` leaves it.
    func endTrialIfOver() -> Bool {
        guard case .onTrial(let deadline, let fallback) = tenure, read() >= deadline else {
            return false
        }
        let rejected = rulebook.policy.digest
        let next = rulebook.replaced(by: fallback, host: host)
        let mode = fallback.configuration.policy.mode.rawValue
        let text = "Policy not confirmed in time: the one before is back, in \(mode) mode"
        var entries = loadedEntries(next, .rolledBack(rejected: rejected), text)
        entries[0].fields[.reason] = ["not confirmed in time"]
        trail.note(entries, at: .now())
        take(next, .rolledBack(rejected: rejected))
        return true
    }

    /// What is worth knowing of a policy that is not simply in force.
    var tenureProblem: String? {
        // Where the policy in force was tried itself, nothing on disk waits for anything.
        guard case .rolledBack(let rejected) = tenure, rejected != rulebook.policy.digest else {
            return nil
        }
        return "the policy on disk was not confirmed in time, so the one before it is in force: "
            + "restore \(policyPath), or try or reload it"
    }
}

extension ReloadReply {
    init(_ configuration: Configuration, leavingOut count: Int) {
        let policy = configuration.policy
        self.init(
            mode: policy.mode.rawValue,
            protectedPorts: policy.ports.keys.sorted().map(\.description),
            sessionsLeftOut: count
        )
    }
}

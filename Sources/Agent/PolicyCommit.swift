import Admission
import Auditing
import Conditions
import AgentSettings
import Enforcement
import Grants

/// The term for which the policy in force is in force.
enum PolicyCommit: Sendable {
    /// For good: it was loaded outright or confirmed.
    case settled
    /// Until the moment, unless it is confirmed; then `fallback` comes back.
    case onTrial(until: Moment, fallback: PolicySource)
    /// Until another one is loaded: the policy on disk, of this SHA-256, was not confirmed.
    case rolledBack(rejected: String)

    /// The end of the trial, if there is one.
    var deadline: Moment? {
        guard case .onTrial(let deadline, _) = self else { return nil }
        return deadline
    }

    /// The gate that the kernel goes back to by itself, should no agent run when a trial is over.
    func trial(at now: Moment) -> GateTrial? {
        guard case .onTrial(let deadline, let fallback) = self else { return nil }
        let shape = LoadedPolicy.shape(of: fallback.configuration)
        return GateTrial(fallback: shape, left: deadline - now)
    }

    /// The SHA-256 of a policy file that nobody confirmed, `policy` being in force.
    func unconfirmed(_ policy: PolicySource) -> String? {
        switch self {
        case .settled: nil
        case .onTrial: policy.digest
        case .rolledBack(let rejected): rejected
        }
    }

    /// The conditions of a policy that is in force so far; `path` is where policies are on disk.
    func conditions(of policy: PolicySource, at path: String) -> [Condition] {
        let rules = policy.configuration.policy
        let hasWayBack = rules.mode == .observe || !rules.trusted.isEmpty
        let way = hasWayBack ? [] : [PolicyConditions.noWayBack(path)]
        switch self {
        case .settled: return way
        case .onTrial(let deadline, _):
            return way + [PolicyConditions.policyOnTrial(path, until: deadline)]
        case .rolledBack(let rejected):
            // If the policy in force is the one on trial, no file on disk waits to be confirmed.
            return rejected == policy.digest
                ? way : way + [PolicyConditions.policyNotConfirmed(path)]
        }
    }

    /// The fields of a policy's record that tell how far it is committed.
    var fields: [AuditField: [String]] {
        switch self {
        case .settled: [:]
        case .onTrial(let deadline, let fallback):
            [.deadline: [deadline.description], .fallback: [fallback.text]]
        case .rolledBack(let rejected): [.rejected: [rejected]]
        }
    }

    /// The policy to start with, the file on disk unless the log says otherwise, and its commit
    /// state.
    ///
    /// A trial goes on with the policy that was put on trial, and ends at once if its time is over.
    /// A policy that was rejected stays so until the file is another.
    static func atStart(
        disk: PolicySource,
        _ grantState: RecordedPolicyState?
    ) -> (PolicySource, PolicyCommit) {
        switch grantState {
        case .onTrial(let policy, let deadline, let fallback):
            guard let policy = try? PolicySource(recorded: policy),
                let fallback = try? PolicySource(recorded: fallback)
            else { return (disk, .settled) }
            return (policy, .onTrial(until: deadline, fallback: fallback))
        case .rolledBack(let policy, let rejected) where rejected == disk.digest:
            // This version may be another one than the one that recorded it.
            guard let policy = try? PolicySource(recorded: policy) else { return (disk, .settled) }
            return (policy, .rolledBack(rejected: rejected))
        case .rolledBack, nil: return (disk, .settled)
        }
    }
}

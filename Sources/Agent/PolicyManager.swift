import Admission
import AgentInterface
import Auditing
import Conditions
import AgentSettings
import Enforcement
import Grants
import Linux
import Varlink
import Recording

/// The policy and the allowed signers in force, how far the policy is committed, and their change.
///
/// The record that a policy is on trial is on disk before it takes force, and holds the policy that
/// comes back. So an agent that starts next knows both, whatever happened to this one
/// (PROTOCOL.audit, section 4).
final class PolicyManager {
    let path: String
    private(set) var host: HostFacts
    private(set) var loaded: LoadedPolicy
    /// The number of times that other rules took force: files read by earlier rules are read again.
    private(set) var changeCount = 0
    private(set) var commit: PolicyCommit
    /// The reason that the allowed signers on disk are not those in force.
    private(set) var signersProblem: String?
    /// The reason that the revoked keys on disk are not those in force.
    private(set) var revokedKeysProblem: String?
    let audit: AuditWriter
    let conditions: HostConditions
    private let watch: DirectoryWatch

    init(
        at path: String,
        _ loaded: LoadedPolicy,
        _ commit: PolicyCommit,
        on host: HostFacts,
        _ audit: AuditWriter,
        _ watch: DirectoryWatch,
        _ conditions: HostConditions
    ) {
        self.path = path
        self.host = host
        self.loaded = loaded
        self.commit = commit
        self.audit = audit
        self.watch = watch
        self.conditions = conditions
        noteState()
    }

    var configuration: Configuration { loaded.configuration }
    var policy: Policy { loaded.configuration.policy }
    var isEnforcing: Bool { policy.mode == .enforce }

    /// Records the policy in force at the start, and the reason if it is not the one on disk.
    func begin(despite problem: String?) {
        if let problem { refuse(policy: problem) }
        note(problemsOf: loaded.keys)
    }

    /// Records the policy in force, and keeps it for the next start.
    func announce() {
        audit.note(entries(loaded, commit), at: .now())
        keep()
    }

    // MARK: changes

    /// Puts the policy on disk in force, and the allowed signers with it.
    ///
    /// Whatever is wrong with it, the one in force stays.
    func reload() throws(VarlinkError) {
        let next = try read()
        let entries = entries(next, .settled)
        if next.shape.admits(moreThan: loaded.shape) {
            try record(entries)
        } else {
            audit.note(entries, at: .now())
        }
        put(next, .settled)
    }

    /// Puts the policy on disk on trial, once that is on disk.
    func beginTrial(until deadline: Moment, by peer: PeerCredentials) throws(VarlinkError) {
        let next = try read()
        let fallback: PolicySource
        if case .onTrial(_, let earlier) = commit {
            fallback = earlier
        } else {
            fallback = loaded.policy
        }
        guard next.policy.text.utf8.count + fallback.text.utf8.count <= Self.sizeLimit else {
            throw .failed("the two policies are larger than \(Self.sizeLimit / 1024) KiB together")
        }
        let mode = next.configuration.policy.mode.rawValue
        let text = "Policy on trial until \(deadline), in \(mode) mode"
        try force(next, .onTrial(until: deadline, fallback: fallback), text, by: peer)
    }

    /// The record holds both policies, each escaped to twice its size at most: less than 1 MiB.
    private static let sizeLimit = 384 * 1024

    /// Keeps the policy on trial, once that is on disk.
    func confirmTrial(by peer: PeerCredentials) throws(VarlinkError) {
        guard case .onTrial = commit else { throw .noTrial }
        try force(loaded, .settled, "Policy confirmed, in \(policy.mode.rawValue) mode", by: peer)
    }

    /// Brings back the policy from before a trial that was not confirmed in time; returns whether it
    /// did.
    func endTrial(ifOverAt now: Moment) -> Bool {
        guard case .onTrial(let deadline, let fallback) = commit, now >= deadline else {
            return false
        }
        let rejected = loaded.policy.digest
        let next = loaded.replaced(by: fallback, host: host)
        let mode = fallback.configuration.policy.mode.rawValue
        let text = "Policy not confirmed in time: the one before is back, in \(mode) mode"
        var entries = entries(next, .rolledBack(rejected: rejected), text)
        entries[0].fields[.reason] = ["not confirmed in time"]
        audit.note(entries, at: .now())
        put(next, .rolledBack(rejected: rejected))
        return true
    }

    /// Learns the present name of the host; returns whether that brought other rules.
    func followHostname() -> Bool {
        learnHostname()
        guard loaded.systemName != host.hostname, configuration.hostname == nil else {
            return false
        }
        audit.note(.loaded("The host is called \(host.hostname) now", path))
        put(loaded.renamed(host), commit)
        return true
    }

    /// Reads the keys on disk if they have changed; returns whether others are in force now.
    func followKeys() -> Bool {
        let next = loaded.withKeysOnDisk(host)
        note(problemsOf: next.keys)
        let entries = next.keys.loaded(configuration, after: loaded.keys)
        guard !entries.isEmpty else { return false }
        audit.note(entries, at: .now())
        put(next, commit)
        return true
    }

    /// True while keys on disk are not in force, so that they are looked at again.
    var hasKeyProblem: Bool { signersProblem != nil || revokedKeysProblem != nil }

    /// Notes the reason that the keys on disk are not in force, and records it once.
    private func note(problemsOf keys: KeyFiles) {
        let problems = [signersProblem, revokedKeysProblem]
        for entry in keys.refusals(configuration, after: problems) { audit.note(entry) }
        (signersProblem, revokedKeysProblem) = (keys.signersProblem, keys.revokedProblem)
        noteKeys()
    }

    /// The rules take force after the record of it, or not at all.
    private func force(
        _ next: LoadedPolicy,
        _ commit: PolicyCommit,
        _ text: String,
        by peer: PeerCredentials
    ) throws(VarlinkError) {
        var entries = entries(next, commit, text)
        entries[0].fields[.actor] = [peer.actor]
        try record(entries)
        put(next, commit)
    }

    /// These rules are in force from now on.
    private func put(_ next: LoadedPolicy, _ commit: PolicyCommit) {
        loaded = next.following(loaded)
        changeCount += 1
        self.commit = commit
        note(problemsOf: next.keys)
        noteState()
        audit.rotate(by: configuration)
        keep()
        // The files that now hold the keys may be different ones, and may have changed since.
        if watch.follow(configuration.keyFiles) { _ = followKeys() }
    }

    /// Keeps the policy in force for the next start, unless the one on disk can be loaded then.
    private func keep() {
        let last = LastKnownGood(in: configuration.stateDirectory)
        last.distrust(commit.unconfirmed(loaded.policy))
        if commit.deadline == nil { last.keep(loaded) }
    }

    // MARK: reading

    /// Reads the policy on disk; mistakes in it are recorded.
    private func read() throws(VarlinkError) -> LoadedPolicy {
        learnHostname()
        let next: LoadedPolicy
        do throws(AgentError) {
            next = try LoadedPolicy(policy: path, host: host)
        } catch {
            throw refuse(error.description.split(separator: "\n").map(String.init))
        }
        let fixed = loaded.fixedSettings(changedBy: next)
        guard fixed.isEmpty else {
            let settings = fixed.joined(separator: ", ")
            throw refuse(["\(path): \(settings): a change takes a restart"])
        }
        conditions.set(.policyNotInForce, nil)
        return next
    }

    private func learnHostname() {
        guard let name = try? HostFacts.readHostname(), name != host.hostname else { return }
        host.hostname = name
        audit.host = host
    }

    private func refuse(_ problems: [String]) -> VarlinkError {
        refuse(policy: problems.joined(separator: "; "))
        return .reloadRefused(problems)
    }

    private func refuse(policy problem: String) {
        conditions.set(.policyNotInForce, PolicyConditions.policyNotInForce(path, because: problem))
        audit.note(.refused("Policy refused, the one in force stays", path, because: problem))
    }

    // MARK: records

    /// Puts the records on disk that must be there before a policy takes force.
    private func record(_ entries: [AuditEntry]) throws(VarlinkError) {
        do throws(RecordingError) {
            try audit.append(entries, at: .now())
        } catch {
            let reason = "it cannot be recorded: \(error)"
            let condition = PolicyConditions.policyNotInForce(path, because: reason)
            conditions.set(.policyNotInForce, condition)
            throw .failed("it cannot be recorded, so nothing has changed: \(error)")
        }
    }

    /// The records that a policy is in force, and that the mode is another if it is.
    private func entries(
        _ next: LoadedPolicy,
        _ commit: PolicyCommit,
        _ text: String? = nil
    ) -> [AuditEntry] {
        AuditEntry.loaded(next, at: path, commit, text, after: audit.logState.mode)
    }
}

import Admission
import Auditing
import AgentSettings
import Enforcement
import Grants
import Linux
import Signatures

/// The configuration from files on disk: the policy, and the keys.
struct LoadedPolicy: Sendable {
    let policy: PolicySource
    let keys: KeyFiles
    let reception: GrantIntake
    /// The system's name, for policies that do not set one.
    let systemName: String
    /// True once policy or signers differ from those in force when the last agent ended.
    private(set) var hasChanged = false

    /// Reads the policy at `path` and the files of keys that it names.
    init(policy path: String, host: HostFacts) throws(AgentError) {
        let policy = try PolicySource(readingFrom: path)
        self.init(policy, try KeyFiles(of: policy.configuration), host: host)
    }

    /// The rules to start with: where no signers or revoked keys can be read, those last in force
    /// still count.
    init(startingWith policy: PolicySource, _ commit: PolicyCommit, host: HostFacts) {
        let last = LastKnownGood(in: policy.configuration.stateDirectory)
        let keys = KeyFiles(of: policy.configuration, orElse: last.signers(), last.revokedKeys())
        self.init(policy, keys, host: host)
        // The copy that is kept is not of the policy on trial, which goes on.
        guard commit.deadline == nil else { return }
        hasChanged = last.differs(from: self)
    }

    /// These rules, marked as changed if they differ from the ones that they follow.
    func following(_ others: LoadedPolicy) -> LoadedPolicy {
        var loaded = self
        loaded.hasChanged =
            others.hasChanged || configuration != others.configuration
            || !keys.isSame(as: others.keys)
        return loaded
    }

    /// The earlier rules by which a live grant is still judged, if those of now refuse it.
    ///
    /// An upgrade is not an event: they hold until policy or signers change.
    func earlierRules(of grant: LiveGrant) -> RulesVersion? {
        hasChanged || grant.rules >= .current ? nil : grant.rules
    }

    /// The rules of a policy that comes back; if its keys cannot be read, those of now still count.
    func replaced(by policy: PolicySource, host: HostFacts) -> LoadedPolicy {
        let keys = KeyFiles(of: policy.configuration, orElse: keys.signers, keys.revoked)
        return LoadedPolicy(policy, keys, host: host)
    }

    /// The same policy with the keys on disk, as far as they can be read.
    func withKeysOnDisk(_ host: HostFacts) -> LoadedPolicy { replaced(by: policy, host: host) }

    private init(
        _ policy: PolicySource,
        _ keys: KeyFiles,
        host: HostFacts
    ) {
        let configuration = policy.configuration
        self.policy = policy
        self.keys = keys
        systemName = host.hostname
        reception = GrantIntake(
            verifier: keys.verifier,
            admission: Admission(
                policy: configuration.policy,
                host: HostIdentity(
                    hostname: configuration.hostname ?? host.hostname,
                    machineID: host.machineID ?? "",
                    labels: configuration.labels
                )
            )
        )
    }

    /// The same rules for a host with another name.
    func renamed(_ host: HostFacts) -> LoadedPolicy {
        LoadedPolicy(policy, keys, host: host)
    }

    var configuration: Configuration { policy.configuration }

    var shape: FirewallPolicy { Self.shape(of: configuration) }

    /// Longer than any session lasts.
    private static let forever = Duration.seconds(100 * 365 * 24 * 60 * 60)

    /// The part of the gate that policy alone decides.
    static func shape(of configuration: Configuration) -> FirewallPolicy {
        let policy = configuration.policy
        var shape = FirewallPolicy(
            denies: policy.mode == .enforce,
            protected: policy.ports.keys.sorted(),
            trusted: policy.trusted,
            logGroup: configuration.logGroup,
            deniedPerSecond: configuration.deniedPerSecond
        )
        shape.drains = policy.ports.values.contains { $0.onExpiry == .drain }
        let existing = policy.keepExisting
        shape.keepExisting = existing.keeps ? existing.limit ?? Self.forever : nil
        return shape
    }

    /// The settings that differ in `next` and that a running agent cannot change.
    func fixedSettings(changedBy next: LoadedPolicy) -> [String] {
        let (old, new) = (configuration, next.configuration)
        let settings = [
            ("grants.directories", old.grantDirectories != new.grantDirectories),
            ("inbox", old.inboxes != new.inboxes),
            ("audit.directory", old.auditDirectory != new.auditDirectory),
            ("audit.log_group", old.logGroup != new.logGroup),
            ("state.directory", old.stateDirectory != new.stateDirectory),
            ("control.socket", old.controlSocket != new.controlSocket),
            ("control.group", old.controlGroup != new.controlGroup),
        ]
        return settings.filter(\.1).map(\.0)
    }
}

import Admission
import Auditing
import Configuration
import Enforcement
import Grants
import Linux
import Signatures

/// All that files on disk say of how to work: the policy, and who may sign.
struct LoadedPolicy: Sendable {
    let policy: PolicySource
    let signers: SignersSource
    let reception: Reception
    /// What the system was called, which the policy may leave to it.
    let systemName: String
    /// The failure to load the allowed signers on disk, so that these are others.
    let signersFailure: AgentError?
    /// True once policy or signers are others than those in force when the last agent ended.
    private(set) var hasChanged = false

    /// Reads the policy at `path` and the allowed signers that it names.
    init(policy path: String, host: HostFacts) throws(AgentError) {
        try self.init(try PolicySource(readingFrom: path), host: host)
    }

    /// Reads the allowed signers anew, under the same policy.
    init(_ policy: PolicySource, host: HostFacts) throws(AgentError) {
        let signers = try SignersSource(readingFrom: policy.configuration.allowedSigners)
        self.init(policy, signers, host: host, failure: nil)
    }

    /// The rules to start with: where nobody can be found who may sign, those who last might still
    /// may.
    init(startingWith policy: PolicySource, _ commit: PolicyCommit, host: HostFacts) {
        do throws(AgentError) {
            try self.init(policy, host: host)
        } catch {
            let last = LastKnownGood(in: policy.configuration.stateDirectory).signers()
            self.init(policy, last ?? .nobody, host: host, failure: error)
        }
        // The copy that is kept is not of the policy on trial, which goes on.
        guard commit.deadline == nil else { return }
        hasChanged = LastKnownGood(in: configuration.stateDirectory).differs(from: self)
    }

    /// These rules, which take the place of others.
    func following(_ others: LoadedPolicy) -> LoadedPolicy {
        var loaded = self
        loaded.hasChanged =
            others.hasChanged || configuration != others.configuration
            || signers.text != others.signers.text
        return loaded
    }

    /// The earlier rules by which a live grant is still judged, if those of now refuse it.
    ///
    /// An upgrade is not an event: they hold until policy or signers change.
    func earlierRules(of grant: LiveGrant) -> RulesVersion? {
        hasChanged || grant.rules >= .current ? nil : grant.rules
    }

    /// The rules of another policy, which come back; where nobody can be found who may sign by it,
    /// those who may now still may.
    func replaced(by policy: PolicySource, host: HostFacts) -> LoadedPolicy {
        do throws(AgentError) {
            return try LoadedPolicy(policy, host: host)
        } catch {
            return LoadedPolicy(policy, signers, host: host, failure: error)
        }
    }

    private init(
        _ policy: PolicySource,
        _ signers: SignersSource,
        host: HostFacts,
        failure: AgentError?
    ) {
        let configuration = policy.configuration
        self.policy = policy
        self.signers = signers
        systemName = host.hostname
        signersFailure = failure
        reception = Reception(
            verifier: SignatureVerifier(allowedSigners: signers.signers),
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

    /// The same rules for a host that got another name.
    func renamed(_ host: HostFacts) -> LoadedPolicy {
        LoadedPolicy(policy, signers, host: host, failure: signersFailure)
    }

    var configuration: Configuration { policy.configuration }

    var shape: GateShape { Self.shape(of: configuration) }

    /// Longer than any session lasts.
    private static let forever = Duration.seconds(100 * 365 * 24 * 60 * 60)

    /// What of the gate policy alone decides.
    static func shape(of configuration: Configuration) -> GateShape {
        let policy = configuration.policy
        var shape = GateShape(
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

    /// The settings that a running agent cannot change, as far as `next` has others.
    func fixedSettings(changedBy next: LoadedPolicy) -> [String] {
        let (old, new) = (configuration, next.configuration)
        let settings = [
            ("grants.directories", old.grantDirectories != new.grantDirectories),
            ("audit.directory", old.auditDirectory != new.auditDirectory),
            ("audit.log_group", old.logGroup != new.logGroup),
            ("state.directory", old.stateDirectory != new.stateDirectory),
            ("control.socket", old.controlSocket != new.controlSocket),
            ("control.group", old.controlGroup != new.controlGroup),
        ]
        return settings.filter(\.1).map(\.0)
    }
}

import Admission
import Auditing
import Configuration
import Enforcement
import Linux
import Signatures

/// All that files on disk say of how to work: the policy, and who may sign.
struct Rulebook: Sendable {
    /// The most that an allowed_signers file may hold, in bytes.
    private static let fileLimit = 1 << 20

    let policy: PolicySource
    let reception: Reception
    /// Which state of allowed_signers it was made from; `nil` if none could be read.
    let signersFile: FileIdentity?
    /// Why nobody may sign, if the allowed signers could not be read.
    let signersProblem: String?

    /// Reads the policy at `path` and the allowed signers that it names.
    init(policy path: String, host: HostFacts) throws(AgentError) {
        try self.init(try PolicySource(readingFrom: path), host: host)
    }

    /// Reads the allowed signers anew, under the same policy.
    init(_ policy: PolicySource, host: HostFacts) throws(AgentError) {
        let (signers, identity) = try Self.signers(at: policy.configuration.allowedSigners)
        let verifier = SignatureVerifier(allowedSigners: signers)
        self.init(policy, host: host, verifier, identity, problem: nil)
    }

    /// The rules to start with: where nobody can be found who may sign, nobody may.
    init(startingWith policy: PolicySource, host: HostFacts) {
        do throws(AgentError) {
            try self.init(policy, host: host)
        } catch {
            let nobody = SignatureVerifier(allowedSigners: AllowedSigners())
            self.init(policy, host: host, nobody, nil, problem: error.description)
        }
    }

    /// The rules of another policy, which come back; where nobody can be found who may sign by it,
    /// those who may now still may.
    func replaced(by policy: PolicySource, host: HostFacts) -> Rulebook {
        do throws(AgentError) {
            return try Rulebook(policy, host: host)
        } catch {
            let problem = error.description
            return Rulebook(policy, host: host, reception.verifier, signersFile, problem: problem)
        }
    }

    private init(
        _ policy: PolicySource,
        host: HostFacts,
        _ verifier: SignatureVerifier,
        _ identity: FileIdentity?,
        problem: String?
    ) {
        let configuration = policy.configuration
        self.policy = policy
        signersFile = identity
        signersProblem = problem
        reception = Reception(
            verifier: verifier,
            admission: Admission(
                policy: configuration.policy,
                host: HostIdentity(
                    hostname: configuration.hostname ?? host.hostname,
                    machineID: host.machineID ?? ""
                )
            )
        )
    }

    var configuration: Configuration { policy.configuration }

    private static func signers(
        at path: String
    ) throws(AgentError) -> (AllowedSigners, FileIdentity) {
        var scan = TrustedFile()
        do {
            let content = try scan.read(path, limit: fileLimit)
            return (try AllowedSigners(parsing: content.bytes), content.identity)
        } catch let error as AllowedSignersError {
            throw AgentError("\(path): \(error)")
        } catch {
            throw AgentError("\(error)")
        }
    }

    var shape: GateShape { Self.shape(of: configuration) }

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
        shape.draining = Set(policy.ports.filter { $0.value.onExpiry == .drain }.keys)
        shape.keepsExisting = policy.keepExisting
        return shape
    }

    /// The settings that a running agent cannot change, as far as `next` has others.
    func fixedSettings(changedBy next: Rulebook) -> [String] {
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

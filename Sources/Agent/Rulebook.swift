import Admission
import Auditing
import Configuration
import Enforcement
import Linux
import Signatures

/// All that files on disk say of how to work: the policy, and who may sign.
struct Rulebook: Sendable {
    /// The most that a policy or allowed_signers file may hold, in bytes.
    private static let fileLimit = 1 << 20

    let configuration: Configuration
    let reception: Reception
    /// Which state of allowed_signers it was made from; `nil` if none could be read.
    let signersFile: FileIdentity?
    /// Why nobody may sign, if the allowed signers could not be read.
    let signersProblem: String?

    /// Reads the policy at `path` and the allowed signers that it names.
    init(policy path: String, host: HostFacts) throws(AgentError) {
        try self.init(try Self.configuration(at: path), host: host)
    }

    /// Reads the allowed signers anew, under the same policy.
    init(_ configuration: Configuration, host: HostFacts) throws(AgentError) {
        let (signers, identity) = try Self.signers(at: configuration.allowedSigners)
        self.init(configuration, host: host, signers, identity, problem: nil)
    }

    /// The rules to start with: where nobody can be found who may sign, nobody may.
    init(startingWith configuration: Configuration, host: HostFacts) {
        do throws(AgentError) {
            try self.init(configuration, host: host)
        } catch {
            let nobody = AllowedSigners()
            self.init(configuration, host: host, nobody, nil, problem: error.description)
        }
    }

    private init(
        _ configuration: Configuration,
        host: HostFacts,
        _ signers: AllowedSigners,
        _ identity: FileIdentity?,
        problem: String?
    ) {
        self.configuration = configuration
        signersFile = identity
        signersProblem = problem
        reception = Reception(
            verifier: SignatureVerifier(allowedSigners: signers),
            admission: Admission(
                policy: configuration.policy,
                host: HostIdentity(
                    hostname: configuration.hostname ?? host.hostname,
                    machineID: host.machineID ?? ""
                )
            )
        )
    }

    static func configuration(at path: String) throws(AgentError) -> Configuration {
        var scan = TrustedFile()
        do {
            return try Configuration(parsing: scan.read(path, limit: fileLimit).bytes, file: path)
        } catch {
            throw AgentError("\(error)")
        }
    }

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
        return GateShape(
            denies: policy.mode == .enforce,
            protected: policy.ports.keys.sorted(),
            trusted: policy.trusted,
            logGroup: configuration.logGroup,
            deniedPerSecond: configuration.deniedPerSecond
        )
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

    /// The record that these rules are in force.
    func loadedEntry(from path: String) -> AuditEntry {
        let mode = configuration.policy.mode.rawValue
        return AuditEntry(
            .policyLoaded,
            "Policy loaded, in \(mode) mode",
            fields: [.file: [path], .mode: [mode]]
        )
    }
}

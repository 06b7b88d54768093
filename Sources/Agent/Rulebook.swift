import Admission
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
    /// Which state of allowed_signers it was made from.
    let signersFile: FileIdentity

    /// Reads the policy at `path` and the allowed signers that it names.
    init(policy path: String, host: HostFacts) throws(AgentError) {
        try self.init(try Self.configuration(at: path), host: host)
    }

    /// Reads the allowed signers anew, under the same policy.
    init(_ configuration: Configuration, host: HostFacts) throws(AgentError) {
        let (signers, identity) = try Self.signers(at: configuration.allowedSigners)
        self.configuration = configuration
        signersFile = identity
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

    /// What of the gate policy alone decides.
    var shape: GateShape {
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
}

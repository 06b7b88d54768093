import AgentSettings
import Linux
import SystemPackage

/// A copy of the policy and the keys in force, for a start at which those on disk cannot be read.
///
/// A restart changes nothing, not even with a policy that somebody broke meanwhile.
struct LastKnownGood {
    /// The directory to look in when no policy can say where the state is.
    static let usual = "/var/lib/jitgate"

    private let path: String
    private let unconfirmedPath: String
    private let signersPath: String
    private let revokedKeysPath: String

    init(in directory: String) {
        path = directory + "/policy.toml"
        unconfirmedPath = directory + "/unconfirmed"
        signersPath = directory + "/allowed_signers"
        revokedKeysPath = directory + "/revoked_keys"
    }

    /// Notes the SHA-256 of a policy file that is on trial or was not confirmed, or that none is.
    ///
    /// For the time before the agent runs: the agent itself goes by the log.
    func distrust(_ digest: String?) {
        let bytes = Array((digest ?? "").utf8)
        guard (try? SmallFile.read(unconfirmedPath, limit: 64)) ?? [] != bytes else { return }
        try? AtomicFile.replace(unconfirmedPath, with: bytes, mode: 0o600)
    }

    /// The policy to go by before the agent runs, and why it is not the one at `path`.
    static func confirmedOrElse(
        at path: String
    ) throws(AgentError) -> (policy: PolicySource, problem: String?) {
        let (policy, problem) = try orElse(at: path)
        let last = LastKnownGood(in: policy.configuration.stateDirectory)
        let digest = try? SmallFile.read(last.unconfirmedPath, limit: 64)
        guard problem == nil, digest == Array(policy.digest.utf8),
            let confirmed = try? PolicySource(readingFrom: last.path)
        else { return (policy, problem) }
        return (confirmed, "\(path) was not confirmed")
    }

    /// Keeps the policy and keys in force; a disk that does not take them is no reason to stop.
    func keep(_ loaded: LoadedPolicy) {
        Self.keep(Array(loaded.configuration.toml.utf8), at: path)
        if loaded.keys.signers.file != nil {
            Self.keep(loaded.keys.signers.text, at: signersPath)
        }
        if loaded.keys.revoked.file != nil {
            Self.keep(loaded.keys.revoked.bytes, at: revokedKeysPath)
        }
    }

    private static func keep(_ bytes: [UInt8], at path: String) {
        guard (try? SmallFile.read(path, limit: bytes.count)) != bytes else { return }
        try? AtomicFile.replace(path, with: bytes, mode: 0o600)
    }

    /// Returns true if policy or keys differ from those that were last in force, as far as these
    /// are known.
    func differs(from loaded: LoadedPolicy) -> Bool {
        let policy = (try? PolicySource(readingFrom: path))?.configuration
        let text = signers()?.text
        let revoked = loaded.configuration.revokedKeys == nil ? nil : revokedKeys()?.bytes
        return (policy.map { $0 != loaded.configuration } ?? false)
            || (text.map { $0 != loaded.keys.signers.text } ?? false)
            || (revoked.map { $0 != loaded.keys.revoked.bytes } ?? false)
    }

    /// The signers that were last in force, as far as they are known.
    func signers() -> SignersSource? {
        try? SignersSource(readingFrom: signersPath)
    }

    /// The keys that counted no more when an agent last knew.
    func revokedKeys() -> RevokedKeysSource? {
        try? RevokedKeysSource(readingFrom: revokedKeysPath)
    }

    /// The policy at `path`, or the one that was last in force and why the other is not.
    static func orElse(
        at path: String
    ) throws(AgentError) -> (policy: PolicySource, problem: String?) {
        do throws(AgentError) {
            return (try PolicySource(readingFrom: path), nil)
        } catch {
            let last = LastKnownGood(in: usual).path
            guard let policy = try? PolicySource(readingFrom: last) else { throw error }
            let problem = error.description.split(separator: "\n").joined(separator: "; ")
            return (policy, problem)
        }
    }
}

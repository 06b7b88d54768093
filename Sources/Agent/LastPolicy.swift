import Configuration
import Linux
import SystemPackage

/// A copy of the policy in force, for a start with one on disk that cannot be.
///
/// A restart is not an event, and neither is one with a policy that somebody broke meanwhile.
struct LastPolicy {
    /// Where it is looked for when no policy can say where the state is.
    static let usual = "/var/lib/jitgate"

    private let path: String

    init(in directory: String) {
        path = directory + "/policy.toml"
    }

    /// Keeps a policy that is in force now; a disk that does not take it is no reason to stop.
    func keep(_ configuration: Configuration) {
        let bytes = Array(configuration.toml.utf8)
        guard (try? SmallFile.read(path, limit: bytes.count)) != bytes else { return }
        try? AtomicFile.replace(path, with: bytes, mode: 0o600)
    }

    /// The policy at `path`, or the one that was last in force and why the other is not.
    static func orElse(
        at path: String
    ) throws(AgentError) -> (configuration: Configuration, problem: String?) {
        do throws(AgentError) {
            return (try Rulebook.configuration(at: path), nil)
        } catch {
            let last = LastPolicy(in: usual).path
            guard let configuration = try? Rulebook.configuration(at: last) else { throw error }
            let problem = error.description.split(separator: "\n").joined(separator: "; ")
            return (configuration, problem)
        }
    }
}

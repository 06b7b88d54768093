import Admission
import AgentSettings
import Enforcement
import Linux

/// The gate without an agent: before it first runs, and after it has gone for good.
package enum BootFirewall {
    /// Puts a gate with nothing open in place if the policy denies; returns what it did.
    ///
    /// Whatever gate is there stays: it may be open for somebody. For the time at boot before the
    /// agent runs, or when it cannot.
    package static func shut(policy path: String) throws(AgentError) -> String {
        let path = WorkingDirectory.absolute(path)
        let (policy, problem) = try LastKnownGood.confirmedOrElse(at: path)
        let configuration = policy.configuration
        let source = problem.map { "the last policy that was in force, since \($0)" } ?? path
        guard configuration.policy.mode == .enforce else {
            return "nothing to shut: observe mode, by \(source)"
        }
        do throws(GateError) {
            var table = try KernelTable(adopting: nil, highest: .highest)
            let isNew = try table.shut(LoadedPolicy.shape(of: configuration))
            return isNew ? "shut, by \(source)" : "a gate is there already"
        } catch {
            throw AgentError("\(error)")
        }
    }

    /// Takes the gate down: every port is as open as without jitgate.
    ///
    /// Returns what it did.
    package static func remove() throws(AgentError) -> String {
        do throws(GateError) {
            var table = try KernelTable(adopting: nil, highest: .highest)
            return try table.remove()
                ? "the gate is down: no port is protected any more" : "there was no gate"
        } catch .ownedByAnother {
            throw AgentError("the gate belongs to an agent that runs: stop it first")
        } catch {
            throw AgentError("\(error)")
        }
    }
}

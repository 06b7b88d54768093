import Admission
import Configuration
import AgentInterface

/// The answers of the agent to the doctor's questions.
struct AgentAnswers {
    let status: AgentStatus
    let inspection: Inspection
}

/// Everything that the doctor looks at, one thing after the other.
struct Examination {
    let policyPath: String
    /// The policy, or the finding that it cannot be read.
    let policy: Result<Configuration, Finding>
    /// The answers of the agent, or the finding that it does not answer.
    let agent: Result<AgentAnswers, Finding>

    /// Where the policy is broken the rest is looked at by the defaults.
    func findings() -> [Finding] {
        let known = try? policy.get()
        let configuration = known ?? .defaults
        let inspection = try? agent.get().inspection
        return [policyFinding]
            + TrustExamination(configuration, policyPath: policyPath).findings
            + AgentExamination(agent, mode: known?.policy.mode).findings
            + PortExamination(configuration, policyPath: policyPath).findings
            + FirewallExamination(configuration, inspection).findings
            + HostExamination(configuration).findings
    }

    private var policyFinding: Finding {
        switch policy {
        case .failure(let finding): return finding
        case .success(let configuration) where configuration.policy.mode == .enforce:
            return .ok("policy", "\(policyPath) enforces")
        case .success:
            let reason = "\(policyPath) observes: nothing is denied"
            let remedy = "when the log shows what you expect: mode = \"enforce\", jitgate try"
            return .note("policy", reason, mend: remedy)
        }
    }
}

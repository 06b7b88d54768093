import Admission
package import AgentInterface
package import Configuration

/// The answers of the agent to the doctor's questions.
package struct AgentAnswers {
    let status: AgentStatus
    let inspection: Inspection

    package init(status: AgentStatus, inspection: Inspection) {
        self.status = status
        self.inspection = inspection
    }
}

/// Everything that the doctor looks at, one thing after the other.
package struct Diagnosis {
    let policyPath: String
    /// The policy, or the finding that it cannot be read.
    let policy: Result<Configuration, Finding>
    /// The answers of the agent, or the finding that it does not answer.
    let agent: Result<AgentAnswers, Finding>

    package init(
        policyPath: String,
        policy: Result<Configuration, Finding>,
        agent: Result<AgentAnswers, Finding>
    ) {
        self.policyPath = policyPath
        self.policy = policy
        self.agent = agent
    }

    /// The findings of all checks, by the defaults if the policy cannot be read.
    package func findings() -> [Finding] {
        let known = try? policy.get()
        let configuration = known ?? .defaults
        let inspection = try? agent.get().inspection
        return [policyFinding]
            + TrustCheck(configuration, policyPath: policyPath).findings
            + AgentCheck(agent, mode: known?.policy.mode).findings
            + PortCheck(configuration, policyPath: policyPath).findings
            + FirewallCheck(configuration, inspection).findings
            + HostCheck(configuration).findings
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

import Admission
package import AgentInterface
package import Conditions
package import AgentSettings

/// The answers of the agent to the doctor's questions.
package struct AgentAnswers {
    let status: AgentStatus
    let inspection: Inspection

    package init(status: AgentStatus, inspection: Inspection) {
        self.status = status
        self.inspection = inspection
    }
}

/// All checks of a host, one after the other.
package struct Diagnosis {
    let policyPath: String
    /// The policy, or the condition that it cannot be read.
    let policy: Result<Configuration, Condition>
    /// The answers of the agent, or the condition that it does not answer.
    let agent: Result<AgentAnswers, Condition>

    package init(
        policyPath: String,
        policy: Result<Configuration, Condition>,
        agent: Result<AgentAnswers, Condition>
    ) {
        self.policyPath = policyPath
        self.policy = policy
        self.agent = agent
    }

    /// The results of all checks, by the defaults if the policy cannot be read.
    ///
    /// What the agent has found, too, is told once, as the agent tells it.
    package func results() -> [CheckResult] {
        let known = try? policy.get()
        let configuration = known ?? .defaults
        let answers = try? agent.get()
        let own =
            policyResults
            + TrustCheck(configuration, policyPath: policyPath).results
            + AgentCheck(agent, policyPath: policyPath, mode: known?.policy.mode).results
            + PortCheck(configuration, policyPath: policyPath).results
            + FirewallCheck(configuration, answers?.inspection).results
            + DepotCheck(configuration).results
            + HostCheck(configuration).results
        return Self.merge(own, answers?.status.conditions ?? [])
    }

    private var policyResults: [CheckResult] {
        switch policy {
        case .failure(let condition): return [.found(condition)]
        case .success(let configuration):
            guard configuration.policy.mode == .enforce else {
                return [.found(PolicyConditions.observing(policyPath))]
            }
            let way =
                configuration.policy.trusted.isEmpty ? [PolicyConditions.noWayBack(policyPath)] : []
            return [.passed(.policy, "\(policyPath) enforces")] + way.map(CheckResult.found)
        }
    }

    /// Puts the agent's conditions in place of the same ones of the doctor's, and the others after the
    /// doctor's results of their areas.
    static func merge(_ results: [CheckResult], _ conditions: [Condition]) -> [CheckResult] {
        var merged = results.filter { result in
            !conditions.contains { result.condition?.matches($0) == true }
        }
        for condition in conditions {
            let place = merged.lastIndex { $0.area == condition.area }
            merged.insert(.found(condition), at: place.map { $0 + 1 } ?? merged.endIndex)
        }
        return merged
    }
}

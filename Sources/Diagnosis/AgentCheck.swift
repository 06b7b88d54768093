import Admission
import AgentInterface
import Conditions
import Linux

/// The agent, and the protection that this kernel gives to its table.
struct AgentCheck {
    private(set) var results: [CheckResult] = []

    /// `mode` is that of the policy on disk, if it can be read.
    init(_ agent: Result<AgentAnswers, Condition>, policyPath: String, mode: Mode?) {
        switch agent {
        case .success(let answers):
            take(answers.status, policyPath, expecting: mode)
            take(ownership: answers.inspection.tableOwnership)
        case .failure(let condition):
            results.add(condition)
            results += Self.expectedOfKernel()
        }
    }

    private mutating func take(_ status: AgentStatus, _ policyPath: String, expecting mode: Mode?) {
        let text = "\(status.version) runs in \(status.mode) mode, \(status.openGrants) open"
        results.append(.passed(.agent, text))
        // During a trial they may well differ.
        if status.trialUntil == nil, let mode, status.mode != mode {
            results.add(AgentConditions.modeDiffers(policyPath, running: status.mode.rawValue))
        }
    }

    private mutating func take(ownership: String) {
        if ownership == "owned" {
            let text = "the table belongs to the agent: no one else can change it"
            results.append(.passed(.kernel, text))
        } else {
            results.add(GateConditions.tableNotOwned(ownership))
        }
    }

    /// The protection that the kernel may give to the table, without an agent to ask.
    private static func expectedOfKernel() -> [CheckResult] {
        let unseen = CheckResult.found(GateConditions.tableUnseen())
        let release = HostFacts.kernelRelease
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2, (numbers[0], numbers[1]) < (6, 9) else { return [unseen] }
        return [unseen, .found(GateConditions.tableNotOwned(byLinux: release))]
    }
}

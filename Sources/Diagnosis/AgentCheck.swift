import Admission
import AgentInterface
import Linux

/// Whether the agent runs, what it says of itself, and what this kernel lets it do.
struct AgentCheck {
    private(set) var findings: [Finding] = []

    /// `mode` is that of the policy on disk, if it can be read.
    init(_ agent: Result<AgentAnswers, Finding>, mode: Mode?) {
        switch agent {
        case .success(let answers):
            take(answers.status, expecting: mode)
            take(tableOwnership: answers.inspection.tableOwnership)
        case .failure(let finding):
            findings.append(finding)
            findings += Self.expectedOfKernel()
        }
    }

    private mutating func take(_ status: AgentStatus, expecting mode: Mode?) {
        let open = "\(status.openGrants) open"
        findings.append(.ok("agent", "\(status.version) runs in \(status.mode) mode, \(open)"))
        for problem in status.problems where !AgentStatus.HeldTime.isToldBy(problem) {
            findings.append(
                .error("agent", problem, mend: "jitgate status; journalctl -u jitgated")
            )
        }
        if let held = status.heldTime {
            let mend = "make sure that the clock is right, then: sudo jitgate clock accept"
            findings.append(
                held.problem.map { .error("clock", $0, mend: mend) }
                    ?? .note("clock", held.text, mend: mend)
            )
        }
        // How full the disk is has a finding of its own.
        for warning in status.warnings where !warning.contains("audit.keep_free") {
            findings.append(.warning("grants", warning, mend: nil))
        }
        if let until = status.trialUntil {
            let reason = "the policy is on trial until \(until)"
            findings.append(.note("agent", reason, mend: "sudo jitgate confirm"))
        } else if let mode, status.mode != mode {
            let reason = "it is in \(status.mode) mode and the policy on disk is not"
            findings.append(.warning("agent", reason, mend: "sudo jitgate try"))
        }
    }

    private mutating func take(tableOwnership: String) {
        if tableOwnership == "owned" {
            findings.append(
                .ok("kernel", "the table belongs to the agent: no one else can change it")
            )
        } else {
            let reason =
                "the table is \(tableOwnership): other tools can change it, and strangers get in for the"
                + " milliseconds until it is put back"
            findings.append(
                .note("kernel", reason, mend: "Linux 6.9 or later lets the agent own it")
            )
        }
    }

    /// The protection that the kernel may give to the table, without an agent to ask.
    private static func expectedOfKernel() -> [Finding] {
        let unseen = Finding.note(
            "kernel",
            "without the agent nobody sees how the table is guarded"
        )
        guard let bytes = try? SmallFile.read("/proc/sys/kernel/osrelease", limit: 256) else {
            return [unseen]
        }
        let release = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first ?? ""
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2, (numbers[0], numbers[1]) < (6, 9) else { return [unseen] }
        let reason = "Linux \(release) cannot keep other tools off the table: it is put back"
        return [unseen, .note("kernel", reason, mend: "Linux 6.9 or later can")]
    }
}

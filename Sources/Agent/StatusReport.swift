import Admission
import AgentInterface
import Auditing
import Configuration
import Enforcement
import Grants
import Lifecycle
import Linux

/// Says how the agent is; nothing of it acts.
final class StatusReport {
    private let audit: AuditWriter
    private let clocks: Clocks
    private let policy: PolicyManager
    private let grants: GrantTable
    private let firewall: FirewallWriter
    private let connections: ConnectionParts
    private let files: FileReader
    private let directories: DropDirectories
    private let submissions: Submissions
    private let reporters: Reporters

    init(
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ firewall: FirewallWriter,
        _ connections: ConnectionParts,
        _ files: FileReader,
        _ directories: DropDirectories,
        _ submissions: Submissions,
        _ reporters: Reporters
    ) {
        self.audit = audit
        self.clocks = clocks
        self.policy = policy
        self.grants = grants
        self.firewall = firewall
        self.connections = connections
        self.files = files
        self.directories = directories
        self.submissions = submissions
        self.reporters = reporters
    }

    private var heldTime: AgentStatus.HeldTime? { clocks.heldTime(audit.ledger.clock) }

    func status() -> AgentStatus {
        let table = grants.lifecycle.grants
        return AgentStatus(
            mode: policy.policy.mode,
            problems: problems,
            warnings: submissions.refused.warnings
                + [connections.packets.diskWarning].compactMap(\.self),
            openGrants: table.openCount,
            waitingGrants: table.waitingCount,
            drainingGrants: table.drainingCount,
            ongoingSessions: firewall.gate.ongoingCount,
            nextDeadline: grants.lifecycle.nextDeadline,
            protectedPorts: policy.policy.protectedPorts,
            trusted: policy.policy.trusted,
            version: Release.version,
            bootID: policy.host.bootID,
            records: Int(audit.ledger.nextSequence),
            tableOwnership: firewall.gate.ownership.rawValue,
            trialUntil: policy.commit.deadline,
            heldTime: heldTime
        )
    }

    /// One line for people, which changes only when something happens.
    var summary: String {
        let count = grants.lifecycle.grants.openCount
        let mode = policy.policy.mode.rawValue
        var text = "\(mode): \(count == 0 ? "no grant" : count.counting("grant")) open"
        if let next = grants.lifecycle.nextDeadline { text += ", the next deadline is \(next)" }
        if let problem = problems.first { text += "; problem: \(problem)" }
        return text
    }

    private var problems: [String] {
        var problems = [
            audit.problem.map { "the audit log takes no records, so nothing opens: \($0)" },
            audit.upkeepProblem.map {
                "the audit log has all records, but not all that goes with them: \($0)"
            },
            audit.cloneProblem,
            firewall.problem.map { "the kernel refused a change: \($0)" },
            policy.problem.map { "the policy on disk is not in force: \($0)" },
            policy.signersProblem.map { "the allowed signers on disk are not in force: \($0)" },
            policy.revokedKeysProblem.map { "the revoked keys on disk are not in force: \($0)" },
            connections.monitor.problem,
            connections.resets.problem,
            reporters.journalProblem,
            policy.commitProblem,
            heldTime?.problem,
        ]
        .compactMap(\.self)
        for path in files.unread.sorted().prefix(8) {
            problems.append("\(path) cannot be read, so what was dropped there is not known")
        }
        if let shortage = directories.shortage {
            problems.append("grant files are looked for every 5 s alone, as \(shortage)")
        }
        problems += submissions.refused.problems
        for directory in directories.missing {
            problems.append("\(directory) does not exist, so no grant can be dropped there")
        }
        return problems
    }
}

import Admission
import AgentInterface
import ArgumentParser
import Configuration
import Linux
import StrictJSON

struct DoctorCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what keeps jitgate from working or from being safe, and how to mend it.",
        discussion: """
            Looks at the policy and the files that are trusted, at listening management ports, \
            other firewalls, the clock, the log's disk and the journal, and asks the agent. Works \
            without an agent too, and says then what it could not see. Changes nothing. A finding \
            is ok, a note, a warning or an error; the exit status is 1 if one is an error.

              sudo jitgate doctor
              sudo jitgate doctor --json | jq '.findings[] | select(.severity != "ok")'
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let path = policy.path(console)
        let findings = Examination(policyPath: WorkingDirectory.absolute(path)).findings()
        let isHealthy = !findings.contains { $0.severity == .error }
        if format.json {
            let list = JSONValue.array(findings.map(\.json))
            console.print(json: ["healthy": .bool(isHealthy), "findings": list])
        } else {
            let width = findings.map(\.subject.count).max() ?? 0
            for finding in findings {
                finding.lines(console, subjectWidth: width).forEach(console.print)
            }
        }
        guard isHealthy else { throw .saidNo }
    }
}

/// Everything that the doctor looks at, one thing after the other.
struct Examination {
    let policyPath: String

    func findings() -> [Finding] {
        let (policy, policyFinding) = readPolicy()
        let configuration = policy ?? .defaults
        let agent = AgentExamination(
            socket: policy?.controlSocket ?? PolicyOptions.socket(namedIn: policyPath)
                ?? configuration.controlSocket,
            group: configuration.controlGroup,
            mode: policy?.policy.mode
        )
        return [policyFinding]
            + TrustExamination(configuration, policyPath: policyPath).findings
            + agent.findings
            + PortExamination(configuration, policyPath: policyPath).findings
            + FirewallExamination(configuration, agent.inspection).findings
            + HostExamination(configuration).findings
    }

    /// Where the policy is broken the rest is looked at by what holds without one.
    private func readPolicy() -> (Configuration?, Finding) {
        do throws(CommandFailure) {
            let configuration = try PolicyOptions.load(policyPath, failingWith: .configuration)
            guard configuration.policy.mode == .enforce else {
                let reason = "\(policyPath) observes: nothing is denied"
                let remedy = "when the log shows what you expect: mode = \"enforce\", jitgate try"
                return (configuration, .note("policy", reason, mend: remedy))
            }
            return (configuration, .ok("policy", "\(policyPath) enforces"))
        } catch {
            let reason = error.message.split(separator: "\n").joined(separator: "; ")
            let remedy =
                switch error.status {
                case .noPermission: "run this as root"
                case .noInput:
                    "an empty one means the defaults: "
                        + "sudo install -D -m 644 /dev/null \(ShellWord.quoted(policyPath))"
                default: "jitgate policy check \(ShellWord.quoted(policyPath))"
                }
            return (nil, .error("policy", reason, mend: remedy))
        }
    }
}

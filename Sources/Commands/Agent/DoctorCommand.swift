import AgentInterface
import ArgumentParser
import Configuration
import Diagnosis
import Grants
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
        let findings = diagnosis(WorkingDirectory.absolute(policy.path(console))).findings()
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

    /// Where the policy is broken the agent is asked at the socket that the broken file still names.
    private func diagnosis(_ path: String) -> Diagnosis {
        let policy = Result { () throws(Finding) in try read(path) }
        let configuration = (try? policy.get()) ?? .defaults
        let isRead = (try? policy.get()) != nil
        let socket = isRead ? nil : PolicyOptions.socket(namedIn: path)
        let agent = Result { () throws(Finding) in
            try ask(socket ?? configuration.controlSocket, configuration.controlGroup)
        }
        return Diagnosis(policyPath: path, policy: policy, agent: agent)
    }

    private func read(_ path: String) throws(Finding) -> Configuration {
        do throws(CommandFailure) {
            return try PolicyOptions.load(path, failingWith: .configuration)
        } catch {
            let reason = error.message.split(separator: "\n").joined(separator: "; ")
            let remedy =
                switch error.status {
                case .noPermission: "run this as root"
                case .noInput:
                    "an empty one means the defaults: "
                        + "sudo install -D -m 644 /dev/null \(ShellWord.quoted(path))"
                default: "jitgate policy check \(ShellWord.quoted(path))"
                }
            throw .error("policy", reason, mend: remedy)
        }
    }

    private func ask(_ socket: String, _ group: String) throws(Finding) -> AgentAnswers {
        do throws(CommandFailure) {
            let session = try AgentSession(socket: socket, group: group)
            return AgentAnswers(
                status: try session.ask { client throws(ClientError) in try client.status() },
                inspection: try session.ask { client throws(ClientError) in try client.inspect() }
            )
        } catch {
            let remedy =
                error.status == .noPermission
                ? "run this as root" : "systemctl start jitgated; journalctl -u jitgated"
            throw .error("agent", error.message, mend: remedy)
        }
    }
}

extension Finding {
    /// A line, and another one with the remedy.
    fileprivate func lines(_ console: Console, subjectWidth: Int) -> [String] {
        let padding = String(repeating: " ", count: max(0, 7 - severity.rawValue.count))
        let mark = console.paint(severity.rawValue, severity.colour) + padding
        let gap = String(repeating: " ", count: max(0, subjectWidth - subject.count))
        let indent = String(repeating: " ", count: 9)
        return ["\(mark)  \(ShownText.safe(subject))\(gap)  \(ShownText.safe(reason))"]
            + (remedy.map { ["\(indent)mend: \(ShownText.safe($0))"] } ?? [])
    }
}

extension Finding.Severity {
    fileprivate var colour: Console.Colour? {
        switch self {
        case .ok: .green
        case .note: nil
        case .warning: .yellow
        case .error: .red
        }
    }
}

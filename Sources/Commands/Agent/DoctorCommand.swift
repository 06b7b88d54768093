import AgentInterface
import ArgumentParser
import CommandSupport
import Conditions
import AgentSettings
import Diagnosis
import Linux
import StrictJSON

struct DoctorCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what keeps jitgate from working or from being safe, and how to mend it.",
        discussion: """
            Looks at the policy and the files that are trusted, at listening management ports, \
            other firewalls, the clock, the log's disk and the journal, and asks the agent. Works \
            without an agent too, and says then what it could not see. Changes nothing. A result \
            is ok, a note, a warning or an error; the exit status is 1 if one is an error. Each but ok \
            has a code that CONDITIONS.md explains.

              sudo jitgate doctor
              sudo jitgate doctor --json | jq '.conditions[] | select(.severity != "note")'
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let results = Diagnosis(by: policy, on: console).results()
        if format.json {
            console.print(json: results.jsonValue)
        } else {
            let width = results.map(\.area.count).max() ?? 0
            for result in results { result.lines(console, width).forEach(console.print) }
        }
        guard results.isHealthy else { throw .alreadyReported }
    }
}

extension Diagnosis {
    /// Looks at the policy and asks the agent: if the policy is broken, at the socket that the broken
    /// file still names.
    init(by options: PolicyOptions, on console: Console) {
        let path = WorkingDirectory.absolute(options.path(console))
        let policy = Result { () throws(Condition) in try Self.read(path) }
        let configuration = (try? policy.get()) ?? .defaults
        let isRead = (try? policy.get()) != nil
        let socket = isRead ? nil : PolicyOptions.socket(namedIn: path)
        let agent = Result { () throws(Condition) in
            try Self.ask(socket ?? configuration.controlSocket, configuration.controlGroup)
        }
        self.init(policyPath: path, policy: policy, agent: agent)
    }

    private static func read(_ path: String) throws(Condition) -> Configuration {
        do throws(CommandFailure) {
            return try PolicyOptions.load(path, failingWith: .configuration)
        } catch {
            let fault: PolicyConditions.Fault =
                switch error.status {
                case .noPermission: .notPermitted
                case .noInput: .missing
                default: .wrong
                }
            let reason = error.message.split(separator: "\n").joined(separator: "; ")
            throw PolicyConditions.policyUnreadable(path, fault, because: reason)
        }
    }

    private static func ask(_ socket: String, _ group: String) throws(Condition) -> AgentAnswers {
        do throws(CommandFailure) {
            let session = try AgentSession(socket: socket, group: group)
            return AgentAnswers(
                status: try session.ask(AgentInterface.status),
                inspection: try session.ask(AgentInterface.inspect)
            )
        } catch {
            let isPermitted = error.status != .noPermission
            throw AgentConditions.agentUnreachable(
                socket,
                because: error.message,
                isPermitted: isPermitted
            )
        }
    }
}

extension CheckResult {
    /// A line, and another one with the remedy.
    func lines(_ console: Console, _ areaWidth: Int) -> [String] {
        let padding = String(repeating: " ", count: max(0, 7 - mark.count))
        let mark = console.paint(mark, Console.Colour(condition?.severity)) + padding
        let gap = String(repeating: " ", count: max(0, areaWidth - area.count))
        let indent = String(repeating: " ", count: 9)
        return ["\(mark)  \(area)\(gap)  \(DisplayText.safe(message))"]
            + (remedy.map { ["\(indent)mend: \(DisplayText.safe($0))"] } ?? [])
    }
}

extension Console.Colour {
    /// The colour of a severity; `nil` is that all is well.
    init?(_ severity: Severity?) {
        switch severity {
        case nil: self = .green
        case .note: return nil
        case .warning: self = .yellow
        case .error: self = .red
        }
    }
}

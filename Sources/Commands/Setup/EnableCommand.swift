import Admission
import AgentInterface
import ArgumentParser
import CommandSupport
import Conditions
import AgentSettings
import Diagnosis
import Grants
import StrictJSON

struct EnableCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract:
            "Go from observing to enforcing: look, put it on trial, and keep it if all is well.",
        discussion: """
            Stops if `jitgate doctor` finds an error. Shows who came in of late whom enforcing would \
            have denied. Then it writes mode = "enforce" into the policy and puts it on trial: if you \
            do not keep it in time, the agent goes back to observing by itself, also if this command \
            is killed or your connection breaks; your own session goes on meanwhile. Log in a second \
            time, by a grant, before you keep it. Without a terminal, --yes begins the trial, and \
            `jitgate confirm` keeps it.

              sudo jitgate enable
              sudo jitgate enable --for 10m
              sudo jitgate enable --yes && ssh-from-elsewhere && sudo jitgate confirm
            """
    )

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("The time of the trial; 24h at most (default: 5m).", valueName: "time"),
        transform: Duration.init(parsing:)
    )
    var duration = Duration.seconds(300)

    @Flag(help: "Begin the trial without asking.")
    var yes = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard yes || !format.json else { throw ValidationError("--json asks nothing: add --yes") }
        guard duration <= .seconds(86_400) else { throw ValidationError("--for takes 24h at most") }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        let session = try AgentSession(configuration)
        let status = try session.ask(AgentInterface.status)
        guard status.mode == .observe || status.trialUntil != nil else {
            if format.json { return console.print(json: ["mode": "enforce", "until": .null]) }
            return console.print("it enforces already")
        }
        guard status.trialUntil == nil else {
            throw CommandFailure(
                .no,
                "a policy is on trial",
                hints: ["keep it: sudo jitgate confirm; or wait until its time is over"]
            )
        }
        try examine(console)
        try ObservedAttempts(configuration, at: console.now()).lines.forEach {
            say($0, on: console)
        }
        try agree(
            "Enforce it, on trial for \(DisplayText.span(seconds: Int(duration.components.seconds)))?",
            "y",
            on: console
        )
        try beginTrial(session, console)
    }

    /// With JSON the standard output is for programs.
    private func say(_ line: String, on console: Console) {
        if format.json { console.note(line) } else { console.print(line) }
    }

    /// Shows what the doctor finds, and goes no further if that is an error.
    private func examine(_ console: Console) throws(CommandFailure) {
        let found = Diagnosis(by: policy, on: console).results()
            .filter { ($0.condition?.severity ?? .note) > .note }
        let width = found.map(\.area.count).max() ?? 0
        for result in found { result.lines(console, width).forEach { say($0, on: console) } }
        guard found.isHealthy else {
            throw CommandFailure(
                .no,
                "this host is not in order yet, and nothing was changed",
                hints: ["mend what is an error above, then run this again"]
            )
        }
    }

    /// Throws unless the answer is the wanted one.
    private func agree(
        _ question: String,
        _ wanted: String,
        on console: Console
    ) throws(CommandFailure) {
        guard !yes else { return }
        guard let ask = console.ask else {
            throw CommandFailure(
                .usage,
                "there is no terminal to ask on",
                hints: ["begin the trial with --yes"]
            )
        }
        guard ask("\(question) [\(wanted)/N] ")?.lowercased().hasPrefix(wanted) ?? false else {
            throw CommandFailure(.no, "nothing was changed")
        }
    }

    private func beginTrial(
        _ session: AgentSession,
        _ console: Console
    ) throws(CommandFailure) {
        let edit = try PolicyModeEdit(policy.path(console), to: .enforce)
        try edit.apply()
        let reply: TrialReply
        do throws(CommandFailure) {
            let enforcing = try policy.load(console)
            reply = try session.beginTrial(of: enforcing, for: duration, on: console)
        } catch {
            try edit.undo()
            throw error
        }
        guard !format.json else { return console.print(json: reply.jsonValue) }
        console.print("on trial until \(DisplayText.moment(reply.until)): it enforces")
        guard !yes, let ask = console.ask else {
            return console.note("keep it with: sudo jitgate confirm; \(edit.path) says enforce")
        }
        console.note("Log in a second time now, from where you will need to, by a grant.")
        let answer = ask("Type keep to keep it; anything else goes back to observing: ")
        try end(session, edit, isKept: answer == "keep", console)
    }

    private func end(
        _ session: AgentSession,
        _ edit: PolicyModeEdit,
        isKept: Bool,
        _ console: Console
    ) throws(CommandFailure) {
        if isKept {
            do throws(CommandFailure) {
                _ = try session.ask(AgentInterface.confirm)
                return console.print("kept: it enforces from now on")
            } catch {
                try edit.undo()
                let hint = "the time was up, and it observes: run this again with a longer --for"
                throw CommandFailure(error.status, error.message, hints: [hint])
            }
        }
        try edit.undo()
        _ = try session.ask(AgentInterface.reload, ReloadParameters(sessions: []))
        throw CommandFailure(.no, "it observes as before, and \(edit.path) says so again")
    }
}

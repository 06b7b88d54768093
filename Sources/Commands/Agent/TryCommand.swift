import AgentInterface
import ArgumentParser
import CommandSupport
import AgentSettings
import Grants

struct TryCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "try",
        abstract: "Load the policy that is on disk on trial: it gives way unless you confirm it.",
        discussion: """
            Log in a second time from where you will need to, then run `jitgate confirm`. Unless you do in \
            time, the policy from before comes back by itself, also if the agent is killed or the \
            host reboots meanwhile; the file on disk stays as it is. If the policy would cut your \
            own SSH session, it is said and tried all the same: then it comes back. A reload \
            meanwhile ends the trial: what lies on disk then stays.

              sudo jitgate try
              sudo jitgate try --for 10m
            """
    )

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "How long, such as 90s or 10m; 24h at most (default: 2m).",
            valueName: "time"
        ),
        transform: Duration.init(parsing:)
    )
    var duration = Duration.seconds(120)

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard duration <= .seconds(86_400) else { throw ValidationError("--for takes 24h at most") }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        let session = try AgentSession(configuration)
        let reply = try session.beginTrial(of: configuration, for: duration, on: console)
        guard !format.json else { return console.print(json: reply.jsonValue) }
        let ports = DisplayText.list(reply.protectedPorts)
        console.print("on trial until \(DisplayText.moment(reply.until)): \(reply.mode): \(ports)")
        console.note("keep it with: sudo jitgate confirm")
    }
}

extension AgentSession {
    /// Has the agent put the policy on disk on trial, and says what that means for the caller's own
    /// session.
    func beginTrial(
        of configuration: Configuration,
        for duration: Duration,
        on console: Console
    ) throws(CommandFailure) -> TrialReply {
        let own = OwnSession.all(console)
        if let danger = try danger(of: configuration, to: own) {
            console.note("jitgate: \(DisplayText.safe(danger.text))")
        }
        let reply = try ask(
            AgentInterface.tryPolicy,
            TryParameters(seconds: duration.components.seconds, sessions: own.connections)
        )
        console.noteLeftOut(reply.sessionsLeftOut)
        return reply
    }
}

struct ConfirmCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Keep the policy that is on trial.",
        discussion: """
            What is kept is what `jitgate try` loaded, whatever lies on disk by now. The exit \
            status is 1 if nothing is on trial, as when the time was up.

              sudo jitgate confirm
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let session = try policy.session(console)
        let reply = try session.ask(AgentInterface.confirm)
        console.noteLeftOut(reply.sessionsLeftOut)
        guard !format.json else { return console.print(json: reply.jsonValue) }
        console.print("confirmed: \(reply.mode): \(DisplayText.list(reply.protectedPorts))")
    }
}

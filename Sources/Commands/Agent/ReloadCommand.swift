import AgentInterface
import ArgumentParser
import CommandSupport

struct ReloadCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the agent load the policy that is on disk, for good.",
        discussion: """
            If the policy is refused, the one in force stays. If it would cut your own SSH session \
            nothing is done and the exit status is 1, unless you say --force: `jitgate try` loads \
            it so that it gives way by itself.

              jitgate policy check && sudo jitgate reload
            """
    )

    @Flag(help: "Load it even if it cuts your own session.")
    var force = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        let session = try AgentSession(configuration)
        let own = OwnSession.all(console)
        if let danger = try session.danger(of: configuration, to: own) {
            guard force || !danger.isCut else {
                let hint = "try it first: sudo jitgate try; or load it all the same: --force"
                throw CommandFailure(.no, danger.text, hints: [hint])
            }
            console.note("jitgate: \(DisplayText.safe(danger.text))")
        }
        let reply = try session.ask(
            AgentInterface.reload,
            ReloadParameters(sessions: own.connections)
        )
        console.noteLeftOut(reply.sessionsLeftOut)
        guard !format.json else { return console.print(json: reply.jsonValue) }
        console.print("\(reply.mode): \(DisplayText.list(reply.protectedPorts))")
    }
}

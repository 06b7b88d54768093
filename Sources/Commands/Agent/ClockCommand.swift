import AgentInterface
import ArgumentParser
import CommandSupport

struct ClockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock",
        abstract: "Settle what time it is, after a clock that was wrong.",
        subcommands: [ClockAcceptCommand.self]
    )
}

struct ClockAcceptCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract:
            "End every grant and take the wall clock's word, which is behind the agent's time.",
        discussion: """
            The agent's time never goes back with the wall clock, so that nobody gets more time by \
            setting it back. A clock that was wrong and far ahead thus leaves time held there, over \
            restarts and reboots, and `jitgate status` says so. If the clock comes back by itself \
            within a day, in the same boot, and nothing has opened since, the agent goes back, too.

            In all other cases make sure that the clock is right, then run this. Every grant ends \
            first, waiting and open, with the reason `clock`; it is on record who asked. The exit \
            status is 1 if time is not held.

              timedatectl
              sudo jitgate clock accept
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let session = try policy.session(console)
        let reply = try session.ask(AgentInterface.acceptClock)
        guard !format.json else { return console.print(json: reply.jsonValue) }
        for id in reply.ended { console.print("ended \(id)") }
        console.print("it is \(DisplayText.moment(reply.time)) for the agent, too")
    }
}

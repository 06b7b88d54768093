import ArgumentParser
import Control

struct ReloadCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the agent load the policy that is on disk.",
        discussion: """
            If the policy is refused, the one in force stays.

              jitgate policy check && sudo jitgate reload
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let session = try AgentSession(policy.load(console))
        let reply = try session.ask { client throws(ControlError) in try client.reload() }
        guard !format.json else { return console.print(json: reply.jsonValue) }
        console.print("\(reply.mode): \(reply.protectedPorts.joined(separator: ", "))")
    }
}

import AgentInterface
import ArgumentParser
import CommandSupport

struct AuditRekeyCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "rekey",
        abstract: "Give the audit log of a cloned machine a key of its own.",
        discussion: """
            A machine that was cloned after its agent had run has the log and the key of the first \
            one. Its agent then ends what was open, opens nothing and signs nothing. This makes a new \
            key with this host's name; the first record under it (audit-rekeyed) holds the root of all \
            records before. What had ended stays ended. Keep the key that is printed elsewhere.

              sudo jitgate audit rekey
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let session = try policy.session(console)
        let reply = try session.ask(AgentInterface.rekey)
        guard !format.json else { return console.print(json: reply.jsonValue) }
        console.print(DisplayText.safe(reply.key))
    }
}

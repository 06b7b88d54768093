import AgentInterface
import ArgumentParser
import CommandSupport
import Grants

struct RevokeCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Close grants now, and for good.",
        discussion: """
            Sessions that they let in are cut, also those that drain or that policy would let drain. \
            With --all those from before enforcing are cut as well. With --until no such grant opens \
            before that time, unless `jitgate unbar` ends it.

              sudo jitgate revoke 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --reason 'done'
              sudo jitgate revoke --requestor 'dana*' --until 24h --reason 'laptop stolen'
              sudo jitgate revoke --key SHA256:… --until 7d --reason 'key leaked'
              sudo jitgate revoke --all
            """
    )

    @OptionGroup var target: SelectionOptions

    @Option(help: ArgumentHelp("Why; goes into the audit log.", valueName: "text"))
    var reason: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard target.all || reason != nil else { throw ValidationError("say why with --reason") }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let until = try target.end(on: console)
        let session = try policy.session(console)
        let wanted = RevokeParameters(
            target.selection,
            until: until,
            reason: explanation(console)
        )
        let reply = try session.ask(AgentInterface.revoke, wanted)
        guard !format.json else { return console.print(json: reply.jsonValue) }
        for id in reply.revoked { console.print("revoked \(id)") }
        if reply.revoked.isEmpty { console.note("nothing was open") }
        guard let bar = reply.bar, let end = reply.until else { return }
        let hint = "to end that: jitgate unbar \(bar) --reason TEXT"
        console.print("no such grant opens until \(end.wholeSecond); \(hint)")
    }

    private func explanation(_ console: Console) -> String {
        if let reason { return reason }
        // No environment variable may get in the way of an emergency.
        let name = (try? console.userName()).map { " by \($0)" } ?? ""
        return "all revoked\(name)"
    }
}

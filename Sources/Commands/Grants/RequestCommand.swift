import ArgumentParser
import CommandSupport
import Grants

struct RequestCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Write a grant for somebody to sign.",
        discussion: """
            Where the policy has separate_requestor, the requestor signs too: `jitgate sign \
            --as-requestor`. With --for the time counts from when the port first opens. Unless --expires says \
            otherwise the grant then has to be signed and delivered within an hour. Defaults and \
            templates are read from ~/.config/jitgate/config.toml; jitgate-config(5) describes it. With \
            --send the request goes to a hub: `jitgate-fleet ask` runs with the other options.

              jitgate request --host web-1 --port 22/tcp --source my --for 2h \\
                --reason 'disk full'
              jitgate request                        asks on a terminal for what is missing
              jitgate request --send --wait --host web-1 --port 22/tcp --for 2h \\
                --reason 'disk full'                 asks a hub, and waits
              jitgate request --template db --at 'tomorrow 22:00' --reason 'upgrade'
              jitgate request --host 'db-*' --port 22/tcp --source 203.0.113.0/28 \\
                --not-before 2026-12-01T22:00:00Z --expires 2026-12-02T02:00:00Z \\
                --reason 'upgrade' -o upgrade.json
            """
    )

    @OptionGroup var request: RequestOptions

    @Option(name: .shortAndLong, help: RequestFile.help, completion: .file())
    var output = "-"

    /// Before this command is read, `SentRequest` replaces it.
    @Flag(help: "Send it to a hub, as jitgate-fleet ask does.")
    var send = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        try RequestFile(output, format, policy).write(try grant(console), on: console)
    }

    private func grant(_ console: Console) throws(CommandFailure) -> Grant {
        let origin = RequestOrigin(
            requestor: { () throws(CommandFailure) in try typist(console) },
            addresses: { () throws(CommandFailure) in [try SourceArgument.my.prefix(console)] }
        )
        return try request.grant(from: origin, on: console)
    }

    /// The user's name as the signers here have it: nobody can sign under one that none has.
    private func typist(_ console: Console) throws(CommandFailure) -> String {
        let login = try console.userName()
        guard let name = LocalSigners(policy, on: console).spelling(of: login), name != login
        else { return login }
        let text = DisplayText.safe(name.debugDescription)
        console.note("jitgate: the requestor is \(text), as allowed_signers has it (--requestor)")
        return name
    }
}

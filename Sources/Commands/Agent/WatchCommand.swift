import ArgumentParser
import CommandSupport
import StrictJSON

struct WatchCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show what happens as it happens, until interrupted.",
        discussion: """
            Also goes on when the agent is started again; what it recorded until it could be asked \
            is in `jitgate audit show`, whose -f leaves nothing out.

              jitgate watch
              jitgate watch --json | jq -r .MESSAGE
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        var session = try policy.session(console)
        while true {
            try session.watch { record in
                if let record { show(record, on: console) }
            }
            console.note("the agent hung up; this goes on once it runs again")
            session = session.next()
        }
    }

    private func show(_ record: JSONValue, on console: Console) {
        if format.json {
            console.write(record.encoded() + [UInt8(ascii: "\n")])
        } else {
            console.print(DisplayRecord(record).line(console))
        }
    }
}

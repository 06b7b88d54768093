import ArgumentParser
import Control
import StrictJSON

struct WatchCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show what happens as it happens, until interrupted.",
        discussion: """
              jitgate watch
              jitgate watch --json | jq -r .MESSAGE
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let session = try policy.session(console)
        try session.ask { client throws(ControlError) in
            try client.watch { record in
                if let record { show(record, on: console) }
                return true
            }
        }
    }

    private func show(_ record: JSONValue, on console: Console) {
        if format.json {
            console.write(record.encoded() + [UInt8(ascii: "\n")])
        } else {
            console.print(ShownRecord(record).line(console))
        }
    }
}

import ArgumentParser
import CommandSupport
import AgentSettings
import Recording
import StrictJSON

struct AuditShowCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show records of the audit log, and with -f new ones as they come.",
        discussion: """
            Times are as journalctl takes them: '2 hours ago', -1h, yesterday, today, now, \
            '2026-12-01 10:00' (local), or RFC 3339. With --json: one array, or with -f a record \
            a line.

              sudo jitgate audit show -n 20
              sudo jitgate audit show --event grant-refused --since yesterday
              sudo jitgate audit show --grant 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --json
              sudo jitgate audit show --source 203.0.113.0/24 --port 22/tcp --csv >who.csv
              jitgate audit show --log copy/log --since '2026-12-01 10:00'
              sudo jitgate audit show --export | systemd-journal-remote -o jitgate.journal -
            """
    )

    @OptionGroup var wanted: RecordFilterOptions

    @Option(
        name: [.customShort("n", allowingJoined: true), .long],
        help: ArgumentHelp("Only the last n records.", valueName: "n")
    )
    var lines: Int?

    @Flag(name: .shortAndLong, help: "Go on with new records, which the agent tells of.")
    var follow = false

    @Flag(name: .shortAndLong, help: "The newest first.")
    var reverse = false

    @Flag(help: "Print a table for spreadsheets (RFC 4180).")
    var csv = false

    @Flag(help: "Print the journal's export format.")
    var export = false

    @OptionGroup var place: LogOption
    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard lines.map({ $0 >= 0 }) ?? true else {
            throw ValidationError("-n takes no less than 0")
        }
        guard [csv, export, format.json].count(where: \.self) <= 1 else {
            throw ValidationError("--json, --csv and --export exclude each other")
        }
        guard !(follow && reverse) else {
            throw ValidationError("-f and -r exclude each other")
        }
        guard !(follow && place.log != nil) else {
            throw ValidationError("-f is told by the agent, and takes no --log")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let filter = try wanted.filter(console)
        guard !follow else {
            let agent = try policy.load(console)
            let reader = RecordReader(path: AuditLogFile.path(agent), filter: filter)
            return try self.follow(reader, of: agent, on: console)
        }
        let path = try place.directory(by: policy, console).current
        var printer = RecordPrinter(form, on: console)
        try read(RecordReader(path: path, filter: filter)) { printer.show($0) }
        printer.end()
    }

    private var form: RecordPrinter.Form {
        if format.json { return follow ? .jsonLines : .array }
        return csv ? .csv : export ? .export : .lines
    }

    private func read(
        _ reader: RecordReader,
        _ body: (DisplayRecord) -> Void
    ) throws(CommandFailure) {
        guard lines != nil || reverse else { return try reader.forEach(body) }
        let kept = try reader.last(lines)
        (reverse ? kept.reversed() : kept).forEach(body)
    }

    /// Shows the records so far and those that come, also those of a restarted agent.
    private func follow(
        _ reader: RecordReader,
        of agent: Configuration,
        on console: Console
    ) throws(CommandFailure) {
        var printer = RecordPrinter(form, on: console)
        var last: UInt64?
        func take(_ record: DisplayRecord) {
            if let last, let sequence = record.sequence, sequence <= last { return }
            last = record.sequence ?? last
            if reader.filter.takes(record) { printer.show(record) }
        }
        var session = try AgentSession(agent)
        var isFirst = true
        while true {
            // Watching begins before the file is read, so that nothing falls in between.
            try session.watch { record throws(CommandFailure) in
                if let record { return take(DisplayRecord(record)) }
                isFirst ? try read(reader, take) : try reader.forEach(take)
                isFirst = false
            }
            console.note("the agent hung up; what it records is shown once it runs again")
            session = session.next()
        }
    }
}

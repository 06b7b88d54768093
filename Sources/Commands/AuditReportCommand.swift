import Admission
import ArgumentParser
import Auditing
import Configuration
import Grants
import Reporting
import StrictJSON

struct AuditReportCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write what happened in a time as one HTML file, for auditors.",
        discussion: """
            Who could reach which port, who approved, from where, why, when it began and ended, \
            whether it was used, what was refused, and what else to look at. The file needs \
            nothing else: no script, no network. It prints. Times are as journalctl takes them; \
            all times in the report are UTC. Whoever may read the file learns what the log says: \
            it is for its owner alone until you say otherwise.

              sudo jitgate audit report --from 2026-03-01 --to 2026-04-01 -o march.html
              sudo jitgate audit report --from '7 days ago' --to now -o week.html
            """
    )

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("From when on.", valueName: "time")
    )
    var from: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Until when.", valueName: "time")
    )
    var to = "now"

    @Option(name: .shortAndLong, help: ArgumentHelp("Write to this file.", valueName: "file"))
    var output = "-"

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        let period = try period(console)
        var chronicle = Chronicle(of: period)
        let path = AuditLogFile.path(configuration)
        try RecordReader(path: path, filter: RecordFilter()).forEachLine { line, number in
            do throws(RecordError) {
                chronicle.take(try Record(parsing: line))
            } catch {
                chronicle.note(unreadable: "\(path), line \(number): \(error)")
            }
        }
        chronicle.finish()
        let report = Report(
            chronicle,
            ReportContext(
                made: console.now(),
                log: path,
                trusted: configuration.policy.trusted.map(\.description),
                verification: .notVerified
            )
        )
        try GrantFile.write(report.html(), to: output, mode: 0o600, on: console)
        guard output != "-" else { return }
        say(chronicle, on: console)
    }

    private func period(_ console: Console) throws(CommandFailure) -> Period {
        guard let start = try console.moment(from, of: "--from"),
            let end = try console.moment(to, of: "--to"), start < end
        else { throw CommandFailure(.usage, "--from has to be before --to") }
        return Period(start: start, end: end)
    }

    private func say(_ chronicle: Chronicle, on console: Console) {
        guard format.json else {
            return console.note("wrote \(output): \(chronicle.openings.count) openings")
        }
        let answer: JSONValue = [
            "file": .string(output), "records": .integer(Int64(chronicle.count)),
            "openings": .integer(Int64(chronicle.openings.count)),
            "exceptions": .integer(Int64(chronicle.exceptions.count)),
        ]
        console.print(json: answer)
    }
}

extension ReportedVerification {
    static let notVerified = ReportedVerification(
        .notVerified,
        findings: ["The log was read as it is; nothing in it was checked."],
        checkpoint: nil,
        key: nil
    )
}

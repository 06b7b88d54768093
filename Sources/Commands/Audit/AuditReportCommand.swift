import ArgumentParser
import AuditFiles
import Auditing
import CommandSupport
import Grants
import Recording
import Reporting
import StrictJSON

struct AuditReportCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write what happened in a time as one HTML file, for auditors.",
        discussion: """
            Who could reach which port, who approved, from where, why, when it began and ended, \
            whether it was used, what was refused, and what else to look at. The file needs \
            nothing else: no script, no network. It prints. Times are as journalctl takes them; \
            all times in the report are UTC. Whoever may read the file learns what the log says: \
            it is for its owner alone until you say otherwise. The log is verified first; if it is \
            not intact the report says so, and the exit status is 1.

              sudo jitgate audit report --from 2026-03-01 --to 2026-04-01 -o march.html
              sudo jitgate audit report --from '7 days ago' --to now -o week.html
              sudo jitgate audit report -o all.html
              jitgate audit report --from -30d --log copy/log --key "$VKEY" -o march.html
            """
    )

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("From when on; without it, from the first record on.", valueName: "time")
    )
    var from: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Until when; without it, until now.", valueName: "time")
    )
    var to: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to this file.", valueName: "file"),
        completion: .file()
    )
    var output = "-"

    @OptionGroup var log: AuditLogOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        guard !format.json || output != "-" else {
            throw ValidationError("--json tells of the file that -o names: say -o FILE")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let path = LogDirectory(try log.places(console).log).current
        let model = try model(try emptyChronicle(console), in: path, on: console)
        let (verification, notes) = ReportedVerification.audit(log, on: console)
        let context = ReportContext(
            made: console.now(),
            log: path,
            verification: verification
        )
        let html = Report(model, context).html()
        try GrantFile.write(html, to: output, mode: 0o600, on: console)
        notes.forEach(console.note)
        if output != "-" { say(model, on: console) }
        if verification.outcome == .failed { throw .alreadyReported }
    }

    private func model(
        _ empty: ReportModel,
        in path: String,
        on console: Console
    ) throws(CommandFailure) -> ReportModel {
        var model = empty
        var policies = RecordedPolicies()
        var before: UInt64?
        try RecordReader(path: path, filter: RecordFilter()).forEachLine { line, number in
            do throws(RecordError) {
                let record = try Record(parsing: line)
                before = record.sequence
                let (policy, fallback) = policies.carried(by: record.entry)
                model.take(record, policy: policy, fallback: fallback)
            } catch {
                let place = RecordReader.place(line: number, behind: before)
                model.note(unreadable: "\(path): \(place): \(error)")
            }
        }
        model.finish(at: console.now())
        return model
    }

    /// Of the time that was asked for; without `--from` of the whole log.
    private func emptyChronicle(_ console: Console) throws(CommandFailure) -> ReportModel {
        let start = try console.moment(from, of: "--from")
        let end = try console.moment(to, of: "--to")
        // A wall clock that was set back since leaves records ahead of it.
        guard let start else { return ReportModel(until: end ?? Moment(microseconds: .max)) }
        let last = end ?? console.now()
        guard start < last else { throw CommandFailure(.usage, "--from has to be before --to") }
        return ReportModel(of: Period(start: start, end: last))
    }

    private func say(_ model: ReportModel, on console: Console) {
        guard format.json else {
            let openings = model.openings.count.counting("opening")
            return console.note("wrote \(output): \(openings)")
        }
        let answer: JSONValue = [
            "file": .string(output), "records": .integer(Int64(model.count)),
            "openings": .integer(Int64(model.openings.count)),
            "exceptions": .integer(Int64(model.exceptions.count)),
        ]
        console.print(json: answer)
    }
}

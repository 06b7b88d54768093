import ArgumentParser
import AuditFiles
import CommandSupport
import FetchSettings
import Grants
import Posture
import Publishing
import Reporting
import Transfer

struct ReportCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write what happened on all hosts as one HTML file, for auditors.",
        discussion: """
            The population with the state of each host; each log, verified against the checkpoints that \
            the witness has seen, or named as not verified with the reason; openings, standing access, \
            exceptions, denied attempts, openings that were never used or long; and a sample of openings \
            with their evidence. The file needs nothing else: no script, no network. It is for its owner \
            alone until you say otherwise.

            --logs is a directory with a folder HOST for each host: a copy of its /var/log/jitgate, and \
            of /var/lib/jitgate/evidence in it if the files are to be compared, too. Copy the witness's \
            directory first, then checkpoint, then the rest:

              rsync -a web-1:/var/log/jitgate/checkpoint logs/web-1/
              rsync -a --exclude checkpoint web-1:/var/log/jitgate/ logs/web-1/

            You choose the seed of a sample; the same seed draws the same sample from the same records.

              jitgate-fleet report -o march.html --logs logs --witness /var/lib/witness \\
                --since 2026-03-01 --until 2026-04-01 --sample 25 --seed 'audit 2026/7'
              jitgate-fleet report -o all.html --logs logs --csv > hosts.csv

            Exit status: 0 every log is verified; 1 some are not, and the report names them; 2 usage; \
            else as in sysexits.h: 66 no input, 69 the depot does not answer, 73 cannot create, 78 bad \
            configuration.
            """
    )

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to this file.", valueName: "file"),
        completion: .file()
    )
    var output: String

    @Option(
        help: ArgumentHelp(
            "The directory with the logs that were collected.",
            valueName: "directory"
        ),
        completion: .directory
    )
    var logs: String?

    @Option(
        name: [.customShort("S"), .long],
        parsing: .unconditional,
        help: ArgumentHelp("From when on; without it, all that the logs have.", valueName: "time")
    )
    var since: String?

    @Option(
        name: [.customShort("U"), .long],
        parsing: .unconditional,
        help: ArgumentHelp("Until when; without it, until now.", valueName: "time")
    )
    var until: String?

    @Option(help: ArgumentHelp("Draw so many openings.", valueName: "number"))
    var sample = 0

    @Option(help: ArgumentHelp("Draw them by this text.", valueName: "text"))
    var seed: String?

    @Option(help: ArgumentHelp("Call openings long that last longer.", valueName: "time"))
    var longAfter = "8h"

    @Flag(help: "The oldest records may be gone, as `audit.retention` has it.")
    var pruned = false

    @Option(
        help: ArgumentHelp(
            "The allowed signers as you know them, to be shown and compared.",
            discussion: "Default: [fleet] allowed_signers, if it is set.",
            valueName: "file"
        ),
        completion: .file()
    )
    var allowedSigners: String?

    @OptionGroup var fleet: FleetOptions
    @OptionGroup var format: FleetFormat

    /// The most openings of a sample: each has its evidence in the file.
    private static let largestSample = 1_000

    func validate() throws {
        guard (0...Self.largestSample).contains(sample) else {
            throw ValidationError("--sample is a number up to \(Self.largestSample)")
        }
        guard (sample > 0) == (seed != nil) else {
            throw ValidationError("--sample and --seed belong together: you choose the seed")
        }
        guard format.isText || output != "-" else {
            throw ValidationError("--json and --csv tell of the file that -o names: say -o FILE")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let (start, end) = (
            try console.moment(since, of: "--since"), try console.moment(until, of: "--until")
        )
        if let start, start >= end ?? console.now() {
            throw CommandFailure(.usage, "--since has to be before --until")
        }
        let longest = try length()
        if let logs { try CommandFailure.requireDirectory(logs, hint: "collect the logs there") }
        let settings = try fleet.depot.configuration(console)
        let signers = try signers(allowedSigners ?? settings.file.allowedSigners)
        let fleet = try fleet.fleet(console)
        let model = FleetReportModel(
            since: start,
            until: end ?? console.now(),
            longest: longest,
            sample: OpeningSample(size: sample, seed: seed ?? "")
        )
        var reporter = FleetReporter(fleet: fleet, logs: logs, isPruned: pruned, model: model)
        try reporter.run(on: console)
        let context = FleetReport.Context(
            made: console.now(),
            logs: logs,
            witness: fleet.witness?.path,
            strangers: try reporter.strangers(),
            signers: signers
        )
        let html = FleetReport(reporter.model, context).html()
        try GrantFile.write(html, to: output, mode: 0o600, on: console)
        let summary = FleetReportSummary(model: reporter.model, file: output)
        format.write(json: summary.json, csv: summary.csv, on: console)
        if format.isText, output != "-" { summary.show(on: console) }
        guard summary.isVerified else { throw .alreadyReported }
    }

    private func length() throws(CommandFailure) -> Duration {
        do throws(TextError) {
            return try Duration(parsing: longAfter)
        } catch {
            throw CommandFailure(.usage, "--long-after: \(error)")
        }
    }

    private func signers(
        _ path: String?
    ) throws(CommandFailure) -> (lines: [String], digest: String)? {
        guard let path else { return nil }
        let bytes = try GrantFile.read(path, limit: 256 << 10)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.map(String.init)
        return (lines, Digest.sha256(of: bytes).hexadecimal)
    }
}

import Admission
import ArgumentParser
import Attestation
import CommandSupport
import Conditions
import Depot
import Grants
import Posture

struct CheckCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Fail unless every host of the fleet is as it should be.",
        discussion: """
            A host is as it should be if its status is signed by its key and new, its log never forked, \
            its policy and signers are those of its group, and it reports no condition that is an error. \
            Each host is a test of the JUnit report, for a pipeline.

              jitgate-fleet check --witness /var/lib/witness
              jitgate-fleet check --enforcing --junit hosts.xml

            Exit status: 0 all hosts are as they should be; 1 some are not.
            """
    )

    @Flag(help: "Hosts that only observe are not as they should be.")
    var enforcing = false

    @Option(
        help: ArgumentHelp("Write a JUnit report; - is the standard output.", valueName: "file"),
        completion: .file()
    )
    var junit: String?

    @OptionGroup var fleet: FleetOptions
    @OptionGroup var format: FleetFormat

    func perform(on console: Console) throws(CommandFailure) {
        let posture = try fleet.fleet(console).posture(console)
        let results = posture.hosts.filter { $0.state != .retired }
            .map { CheckResult(of: $0, enforcing: enforcing) }
        if let junit {
            let report = JUnitReport(results: results, time: console.now())
            try GrantFile.write(Array(report.text.utf8), to: junit, on: console)
        }
        let view = PostureView(fleet: posture)
        format.write(json: view.json, csv: view.csv, on: console)
        if format.isText, junit != "-" { show(results, view, on: console) }
        guard results.allSatisfy({ $0.faults.isEmpty }) else { throw .alreadyReported }
    }

    private func show(_ results: [CheckResult], _ view: PostureView, on console: Console) {
        for result in results {
            for fault in result.faults {
                let mark = console.paint("NO", .red)
                console.print("\(mark)  \(result.host.host): \(DisplayText.safe(fault))")
            }
        }
        console.print(view.summary)
    }
}

/// One host, and what is wrong with it.
struct CheckResult {
    let host: HostPosture
    let faults: [String]

    init(of host: HostPosture, enforcing: Bool) {
        self.host = host
        let errors = (host.status?.conditions ?? []).filter { $0.severity == .error }
        let isGood = host.state.isInOrder || host.state == .retired
        let state = host.state.rawValue + (host.reason.map { ": \($0)" } ?? "")
        let observes = enforcing && isGood && host.status?.mode != .enforce
        faults =
            (isGood ? [] : [state])
            + (observes ? ["it only observes"] : [])
            + errors.map { "\($0.code): \($0.message)" }
    }
}

/// The report that continuous integration reads: a test for each host.
struct JUnitReport {
    let results: [CheckResult]
    let time: Moment

    var text: String {
        let failures = results.count { !$0.faults.isEmpty }
        let cases = results.map(Self.test).joined()
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuite name="jitgate fleet" tests="\(results.count)" failures="\(failures)" errors="0"\
             skipped="0" timestamp="\(time.wholeSecond.description.dropLast())">
            \(cases)</testsuite>

            """
    }

    private static func test(_ result: CheckResult) -> String {
        let group = result.host.group.isEmpty ? "fleet" : result.host.group
        let start =
            "  <testcase classname=\"\(escape(group))\" name=\"\(escape(result.host.host.description))\""
        guard !result.faults.isEmpty else { return start + "/>\n" }
        let message = escape(result.faults[0])
        let all = escape(result.faults.joined(separator: "\n"))
        return start + ">\n    <failure message=\"\(message)\">\(all)</failure>\n  </testcase>\n"
    }

    /// Text for XML 1.0, which has no place for most control characters.
    private static func escape(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "\n": "&#10;"
            case _ where scalar.properties.generalCategory == .control: "\u{FFFD}"
            case "\u{FFFE}", "\u{FFFF}": "\u{FFFD}"
            default: String(scalar)
            }
        }
        .joined()
    }
}

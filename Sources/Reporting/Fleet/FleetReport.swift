package import Grants
import HTMLWriter

/// The report on all hosts of a fleet as one self-contained HTML file.
package struct FleetReport {
    /// The parts of the report that come neither from records nor from statuses.
    package struct Context: Sendable {
        package let made: Moment
        /// The directory with the logs that were collected; `nil` if none was named.
        package let logs: String?
        package let witness: String?
        /// Folders of logs that belong to no host of the inventory.
        package let strangers: [String]
        /// The allowed signers that the auditor has: their lines, and the SHA-256 of the file.
        package let signers: (lines: [String], digest: String)?

        package init(
            made: Moment,
            logs: String?,
            witness: String?,
            strangers: [String],
            signers: (lines: [String], digest: String)?
        ) {
            (self.made, self.logs, self.witness) = (made, logs, witness)
            (self.strangers, self.signers) = (strangers, signers)
        }
    }

    let model: FleetReportModel
    let context: Context

    package init(_ model: FleetReportModel, _ context: Context) {
        (self.model, self.context) = (model, context)
    }

    package func html() -> [UInt8] {
        let hosts = model.rows.count.counting("host")
        let page = ReportPage(
            title: "Access to \(hosts), \(model.period.days)",
            generator: "jitgate-fleet report"
        )
        return page.html({ header(&$0, hosts) }) { main in
            FleetSummarySection(report: self).write(to: &main)
            PopulationSection(report: self).write(to: &main)
            FleetOpeningsSection(report: self).write(to: &main)
            StandingSection(report: self).write(to: &main)
            FleetExceptionsSection(report: self).write(to: &main)
            FleetDeniedSection(report: self).write(to: &main)
            LeastPrivilegeSection(report: self).write(to: &main)
            SampleSection(report: self).write(to: &main)
            MethodSection(report: self).write(to: &main)
        }
    }

    private static let sections = [
        ("summary", "Summary"), ("population", "Hosts and their logs"), ("openings", "Openings"),
        ("standing", "Standing access"), ("exceptions", "Exceptions"), ("denied", "Denied"),
        ("privilege", "Unused and long"), ("sample", "Sample"), ("method", "Method"),
    ]

    private func header(_ body: inout Markup, _ hosts: String) {
        body.element("a", ["class": "skip", "href": "#summary"], "To the summary")
        body.element("header") { header in
            header.element("p", ["class": "kicker"], "Access report of a fleet")
            header.element("h1", hosts)
            header.period(model.period)
            badge(in: &header)
            header.contents(Self.sections)
        }
    }

    /// The number of logs that are verified, as a badge.
    func badge(in section: inout Markup) {
        let due = model.rows.filter { $0.log.outcome != .unexpected }
        let verified = due.count { $0.log.outcome == .verified }
        let isBad = due.contains { $0.log.outcome == .failed }
        let kind = isBad ? "bad" : verified == due.count ? "good" : "warn"
        let text = "\(verified) of \(due.count.counting("log")) verified"
        section.badge(kind, text, linkingTo: "population")
    }
}

extension ReportedLog.Outcome {
    /// The outcome in words.
    var words: String {
        switch self {
        case .verified: "verified against the witness"
        case .behind: "not verified: it lacks records that the witness has seen"
        case .unwitnessed: "intact, but no witness has seen this host"
        case .failed: "NOT INTACT"
        case .absent: "no log was collected"
        case .unexpected: "none is expected"
        }
    }

    var style: String {
        switch self {
        case .verified: "good"
        case .failed: "bad"
        case .unexpected: "dim"
        case .behind, .unwitnessed, .absent: "warn"
        }
    }
}

extension Markup {
    /// Appends a word of one of the styles `good`, `warn`, `bad` and `dim`.
    mutating func mark(_ style: String, _ text: String) {
        element("b", ["class": "mark \(style)"], text)
    }
}

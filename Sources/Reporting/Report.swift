package import Grants
import HTMLWriter

/// The parts of the report that do not come from the records.
package struct ReportContext: Hashable, Sendable {
    package let made: Moment
    /// The path of the log.
    package let log: String
    package let verification: ReportedVerification

    package init(
        made: Moment,
        log: String,
        verification: ReportedVerification
    ) {
        self.made = made
        self.log = log
        self.verification = verification
    }
}

/// The result of the verification before the report.
package struct ReportedVerification: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case verified
        case failed
        case notVerified
    }

    package let outcome: Outcome
    /// The results of the checks, each a sentence.
    package let findings: [String]
    /// The signed note.
    package let checkpoint: String?
    /// The verifier key.
    package let key: String?

    package init(_ outcome: Outcome, findings: [String], checkpoint: String?, key: String?) {
        self.outcome = outcome
        self.findings = findings
        self.checkpoint = checkpoint
        self.key = key
    }
}

/// A report as one self-contained HTML file.
package struct Report {
    let model: ReportModel
    let context: ReportContext
    let openings: [GrantTimeline]
    let denied: [DeniedSource]
    let exceptions: [AuditFinding]

    package init(_ model: ReportModel, _ context: ReportContext) {
        self.model = model
        self.context = context
        openings = model.openings
        denied = model.deniedSources
        exceptions = model.exceptions
    }

    package func html() -> [UInt8] {
        ReportPage(title: "Access to \(hosts), \(days)", generator: "jitgate audit report")
            .html(header) { main in
                SummarySection(report: self).write(to: &main)
                TimelineSection(report: self).write(to: &main)
                OpeningsSection(report: self).write(to: &main)
                BreakGlassSection(report: self).write(to: &main)
                RefusalsSection(report: self).write(to: &main)
                ExceptionsSection(report: self).write(to: &main)
                VerificationSection(report: self).write(to: &main)
            }
    }

    private func header(_ body: inout Markup) {
        body.element("a", ["class": "skip", "href": "#summary"], "To the summary")
        body.element("header") { header in
            header.element("p", ["class": "kicker"], "Access report")
            header.element("h1", hosts)
            header.period(model.period)
            VerificationSection(report: self).badge(in: &header)
            header.contents(Self.sections)
        }
    }

    private static let sections = [
        ("summary", "Summary"), ("timeline", "Timeline"), ("openings", "Openings"),
        ("break-glass", "Break-glass"), ("refusals", "Refusals"), ("exceptions", "Exceptions"),
        ("verification", "Verification"),
    ]

    private var hosts: String {
        model.hosts.isEmpty ? "this host" : model.hosts.joined(separator: ", ")
    }

    private var days: String {
        model.period.days
    }
}

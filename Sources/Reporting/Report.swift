package import Grants

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
        var markup = Markup()
        markup.raw("<!DOCTYPE html>\n")
        markup.element("html", ["lang": "en"]) { html in
            html.element("head", head)
            html.element("body") { body in
                header(&body)
                body.element("main") { main in
                    SummarySection(report: self).write(to: &main)
                    TimelineSection(report: self).write(to: &main)
                    OpeningsSection(report: self).write(to: &main)
                    BreakGlassSection(report: self).write(to: &main)
                    RefusalsSection(report: self).write(to: &main)
                    ExceptionsSection(report: self).write(to: &main)
                    VerificationSection(report: self).write(to: &main)
                }
            }
        }
        markup.raw("\n")
        return markup.bytes
    }

    /// The content security policy forbids external resources and all scripts, even injected ones.
    private func head(_ head: inout Markup) {
        head.empty("meta", ["charset": "utf-8"])
        head.empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        head.empty(
            "meta",
            [
                "http-equiv": "Content-Security-Policy",
                "content": "default-src 'none'; style-src 'unsafe-inline'",
            ]
        )
        head.empty("meta", ["name": "generator", "content": "jitgate audit report"])
        head.element("title", "Access to \(hosts), \(days)")
        head.element("style") { $0.raw(StyleSheet.text) }
    }

    private func header(_ body: inout Markup) {
        body.element("a", ["class": "skip", "href": "#summary"], "To the summary")
        body.element("header") { header in
            header.element("p", ["class": "kicker"], "Access report")
            header.element("h1", hosts)
            header.element("p", ["class": "period"]) { line in
                line.moment(model.period.start)
                line.text(" \u{2013} ")
                line.moment(model.period.end)
                line.text(" UTC")
            }
            VerificationSection(report: self).badge(in: &header)
            header.element("nav", ["aria-label": "Sections"]) { nav in
                for (id, name) in Self.sections {
                    nav.element("a", ["href": "#\(id)"], name)
                }
            }
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
        "\(model.period.start.shown.prefix(10)) to \(model.period.end.shown.prefix(10))"
    }
}

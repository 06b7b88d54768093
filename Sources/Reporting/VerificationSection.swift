import Grants
import HTMLWriter

/// The evidence for the reader that nothing is missing.
struct VerificationSection {
    let report: Report

    private var verification: ReportedVerification { report.context.verification }

    /// The result in two words in the header.
    func badge(in header: inout Markup) {
        let (kind, text): (String, String) =
            switch verification.outcome {
            case .verified: ("good", "Log verified")
            case .failed: ("bad", "Log NOT intact")
            case .notVerified: ("warn", "Log not verified")
            }
        header.badge(kind, text, linkingTo: "verification")
    }

    func write(to main: inout Markup) {
        main.section("verification", "Verification") { section in
            badge(in: &section)
            section.element("ul") { list in
                for finding in verification.findings { list.element("li", finding) }
            }
            section.facts(pairs)
            if let checkpoint = verification.checkpoint {
                section.element("h3", "The checkpoint this report rests on")
                section.preformatted(checkpoint)
            }
        }
    }

    private var latest: String {
        report.model.latest.map { "\($0.shown) UTC" } ?? "\u{2013}"
    }

    private var pairs: [(String, String)] {
        let numbers = report.model.numbers.map { "\($0.lowerBound) to \($0.upperBound)" }
        return [
            ("Log", report.context.log),
            ("Records in this time", "\(report.model.count)"),
            ("Their numbers", numbers ?? "\u{2013}"),
            ("The latest of them", latest),
            ("Audit key", verification.key ?? "\u{2013}"),
            ("Report made", "\(report.context.made.shown) UTC"),
        ]
    }
}

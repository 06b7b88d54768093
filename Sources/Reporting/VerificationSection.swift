import Grants

/// The evidence for the reader that nothing is missing.
struct VerificationSection {
    let report: Report

    private var verification: ReportedVerification { report.context.verification }

    /// The result in two words in the header.
    func badge(in header: inout Markup) {
        let (name, mark, text): (String, String, String) =
            switch verification.outcome {
            case .verified: ("good", "\u{2713}", "Log verified")
            case .failed: ("bad", "\u{2717}", "Log NOT intact")
            case .notVerified: ("warn", "!", "Log not verified")
            }
        header.element("p", ["class": "badge \(name)"]) { badge in
            badge.element("span", ["aria-hidden": "true"], mark)
            badge.text(" ")
            badge.element("a", ["href": "#verification"], text)
        }
    }

    func write(to main: inout Markup) {
        main.section("verification", "Verification") { section in
            badge(in: &section)
            section.element("ul") { list in
                for finding in verification.findings { list.element("li", finding) }
            }
            facts(in: &section)
            if let checkpoint = verification.checkpoint {
                section.element("h3", "The checkpoint this report rests on")
                section.element("pre", ["tabindex": "0"]) { note in
                    for line in checkpoint.split(separator: "\n", omittingEmptySubsequences: false)
                    {
                        note.text(String(line))
                        note.raw("\n")
                    }
                }
            }
        }
    }

    private func facts(in section: inout Markup) {
        section.element("dl", ["class": "facts"]) { list in
            for (name, value) in pairs {
                list.element("dt", name)
                list.element("dd") { $0.element("code", value) }
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

import Grants
import HTMLWriter

/// The findings for the auditor, besides the grants.
struct ExceptionsSection {
    let report: Report

    func write(to main: inout Markup) {
        main.section("exceptions", "Exceptions") { section in
            guard !report.exceptions.isEmpty else {
                return section.element(
                    "p",
                    "None: no trusted network, no time in observe mode, no tampering, no change "
                        + "of clock or policy, no gap in which the agent did not run."
                )
            }
            section.pages(of: report.exceptions) { page, some in
                page.table("Exceptions", head: ["Kind", "From", "To", "For", "What"], rows: some) {
                    row,
                    exception in
                    row.cell(exception.kind.rawValue)
                    row.moment(exception.start)
                    row.moment(exception.end)
                    row.cell(span(exception))
                    row.cell(exception.text)
                }
            }
        }
    }

    private func span(_ exception: AuditFinding) -> String {
        guard let start = exception.start, let end = exception.end else { return "" }
        return (end - start).shown
    }
}

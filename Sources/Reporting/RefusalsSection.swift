import Grants
import HTMLWriter

/// The refusals: refused grant files, and sources without a grant.
struct RefusalsSection {
    let report: Report

    /// The most addresses listed.
    private static let bound = 1000

    func write(to main: inout Markup) {
        main.section("refusals", "Refusals and denied attempts") { section in
            section.element("h3", "Grant files that were refused")
            files(in: &section)
            section.element("h3", "Denied attempts, by source")
            sources(in: &section)
            leftOut(in: &section)
        }
    }

    private func leftOut(in section: inout Markup) {
        let parts = report.model.leftOut.parts
        guard !parts.isEmpty else { return }
        let text = parts.joined(separator: ", ")
        section.element("p", "Without a record of their own, and counted by others: \(text).")
    }

    private func files(in section: inout Markup) {
        let refusals = report.model.refusals
        guard !refusals.isEmpty else { return section.element("p", "None.") }
        section.pages(of: refusals, named: { $0.first?.moment.shown ?? "" }) {
            page,
            some in
            page.table("Refused files", head: RefusedFileCells.head, rows: some) { row, refusal in
                RefusedFileCells.write(&row, refusal)
            }
        }
    }

    private func sources(in section: inout Markup) {
        guard !report.denied.isEmpty else { return section.element("p", "None.") }
        if report.denied.count > Self.bound {
            let text = "The \(Self.bound) most eager of \(report.denied.count) addresses."
            section.element("p", text)
        }
        let shown = Array(report.denied.prefix(Self.bound))
        section.pages(of: shown) { page, some in
            page.table(
                "Attempts that no grant covered",
                head: ["Source", "Attempts", "Ports", "First", "Last", "What became of them"],
                rows: some
            ) { row, source in
                row.cell { $0.element("code", source.address) }
                row.number(source.attempts)
                row.cell(source.ports.sorted().joined(separator: ", "))
                row.moment(source.first)
                row.moment(source.last)
                row.cell(source.passed ? "passed at times: observe mode" : "dropped")
            }
        }
    }
}

/// The cells of a row that tells of a refused file.
enum RefusedFileCells {
    static let head = ["When", "Rule", "What and why", "Who, from", "File"]

    static func write(_ row: inout TableRow, _ refusal: RefusedFile) {
        let parts = refusal.reason.split(separator: ":", maxSplits: 1)
        row.moment(refusal.moment)
        row.cell { $0.element("code", String(parts.first ?? "")) }
        row.cell(String(parts.dropFirst().first?.drop { $0 == " " } ?? ""))
        row.cell { cell in
            cell.text(refusal.requestor.isEmpty ? "\u{2013}" : refusal.requestor)
            if !refusal.sources.isEmpty {
                cell.element("small", refusal.sources.joined(separator: ", "))
            }
        }
        row.cell { cell in
            cell.element("code", refusal.file)
            if refusal.count > 1 { cell.element("small", "and \(refusal.count - 1) more") }
        }
    }
}

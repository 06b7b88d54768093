import Grants
import HTMLWriter

/// The items that an auditor should look at: break-glass grants, forks, findings and refused files.
struct FleetExceptionsSection {
    let report: FleetReport

    func write(to main: inout Markup) {
        main.section("exceptions", "Exceptions") { section in
            section.element("h3", "Break-glass")
            breakGlass(in: &section)
            section.element("h3", "Forked logs")
            forks(in: &section)
            section.element("h3", "Tampering, clocks, policies and gaps")
            findings(in: &section)
            section.element("h3", "Grant files that were refused")
            refusals(in: &section)
        }
    }

    private func breakGlass(in section: inout Markup) {
        report.model.alarms.write(
            to: &section,
            as: "Grants that were let in on an alarm",
            head: BreakGlassCells.head,
            BreakGlassCells.write
        )
    }

    private func forks(in section: inout Markup) {
        let forks = report.model.rows.flatMap { row in row.host.forks.map { (row.host.name, $0) } }
        guard !forks.isEmpty else {
            return section.element("p", "The witness knows of none.")
        }
        section.pages(of: forks) { page, forks in
            page.table(
                "Contradictions between checkpoints that a host signed",
                head: ["Host", "Seen", "Kind", "Accepted", "Why"],
                rows: forks
            ) { row, item in
                let (host, fork) = item
                row.cell { $0.element("b", host) }
                row.moment(fork.seen)
                row.cell(fork.kind)
                row.cell { cell in
                    guard let accepted = fork.accepted else {
                        return cell.mark("bad", "NOT accepted")
                    }
                    cell.moment(accepted)
                }
                row.cell(fork.reason)
            }
        }
    }

    private func findings(in section: inout Markup) {
        let findings = report.model.findings
        let kinds = AuditFinding.Kind.allCases.filter { findings[$0] != nil }
        guard !kinds.isEmpty else { return section.element("p", "None.") }
        section.table("Findings by kind", head: ["Kind", "How often"], rows: kinds) { row, kind in
            row.cell(kind.rawValue)
            row.number(Int64(findings[kind]?.count ?? 0))
        }
        for kind in kinds {
            guard let list = findings[kind] else { continue }
            section.element("h4", kind.rawValue)
            list.write(to: &section, as: kind.rawValue)
        }
    }

    private func refusals(in section: inout Markup) {
        report.model.refusals.write(
            to: &section,
            as: "Refused files",
            head: RefusedFileCells.head,
            RefusedFileCells.write
        )
    }
}

/// The sources without a grant, over all hosts.
struct FleetDeniedSection {
    let report: FleetReport

    func write(to main: inout Markup) {
        main.section("denied", "Denied attempts") { section in
            let denied = report.model.denied
            let sources = Array(denied.sorted.prefix(FleetReportModel.bound))
            guard !sources.isEmpty else { return section.element("p", "None.") }
            if denied.count > sources.count {
                let text =
                    "The \(sources.count) addresses with the most attempts, of \(denied.count)."
                section.element("p", ["class": "warn"], text)
            }
            section.pages(of: sources) { page, sources in
                page.table(
                    "Attempts that no grant covered",
                    head: ["Source", "Attempts", "Hosts", "Ports", "First", "Last", "Result"],
                    rows: sources,
                    cells
                )
            }
        }
    }

    private func cells(_ row: inout TableRow, _ item: DeniedSources.Source) {
        let source = item.source
        row.cell { $0.element("code", source.address) }
        row.number(source.attempts)
        row.number(Int64(item.hosts))
        row.cell(source.ports.sorted().joined(separator: ", "))
        row.moment(source.first)
        row.moment(source.last)
        row.cell(source.passed ? "passed at times: observe mode" : "dropped")
    }
}

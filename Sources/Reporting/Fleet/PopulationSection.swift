import Grants
import HTMLWriter

/// Every host of the inventory: its state, and what became of its log.
struct PopulationSection {
    let report: FleetReport

    func write(to main: inout Markup) {
        main.section("population", "Hosts and their logs") { section in
            report.badge(in: &section)
            named(
                "Logs that are not verified",
                report.model.rows.filter { ![.verified, .unexpected].contains($0.log.outcome) },
                "Every log that there should be is verified.",
                in: &section
            )
            named(
                "Hosts that are not heard, or not believed",
                report.model.rows.filter { !$0.host.isKnown },
                "Every host is heard, and its status is signed by its key.",
                in: &section
            )
            strangers(in: &section)
            section.element("h3", "All hosts")
            section.pages(of: report.model.rows, named: names) { page, rows in
                page.table("In the order of the inventory", head: Self.head, rows: rows, cells)
            }
        }
    }

    private func named(
        _ title: String,
        _ rows: [FleetRow],
        _ none: String,
        in section: inout Markup
    ) {
        section.element("h3", title)
        guard !rows.isEmpty else { return section.element("p", none) }
        section.pages(of: rows, named: names) { page, rows in
            page.table("\(title): the reasons", head: ["Host", "State", "Log"], rows: rows) {
                row,
                item in
                host(item, in: &row)
                state(item, in: &row)
                log(item, in: &row)
            }
        }
    }

    private func strangers(in section: inout Markup) {
        guard !report.context.strangers.isEmpty else { return }
        let names = report.context.strangers.joined(separator: ", ")
        section.element("h3", "Logs of hosts that the inventory does not have")
        section.element("p", ["class": "warn"], names)
    }

    private func names(_ rows: ArraySlice<FleetRow>) -> String {
        "\(rows.first?.host.name ?? "") \u{2013} \(rows.last?.host.name ?? "")"
    }

    private static let head = [
        "Host", "State", "Log", "Records", "Openings", "Used", "Refused", "Denied", "Findings",
    ]

    private func cells(_ row: inout TableRow, _ item: FleetRow) {
        host(item, in: &row)
        state(item, in: &row)
        log(item, in: &row)
        for number in [item.records, item.openings, item.used] { row.number(Int64(number)) }
        row.number(item.refused)
        row.number(item.denied)
        row.number(Int64(item.findings))
    }

    private func host(_ item: FleetRow, in row: inout TableRow) {
        row.cell { cell in
            cell.element("b", item.host.name)
            if !item.host.group.isEmpty { cell.element("small", "group \(item.host.group)") }
        }
    }

    private func state(_ item: FleetRow, in row: inout TableRow) {
        row.cell { cell in
            cell.mark(item.host.isKnown ? "" : "warn", item.host.state)
            if !item.host.stateReason.isEmpty { cell.element("small", item.host.stateReason) }
        }
    }

    private func log(_ item: FleetRow, in row: inout TableRow) {
        row.cell { cell in
            cell.mark(item.log.outcome.style, item.log.outcome.words)
            if !item.log.reason.isEmpty { cell.element("small", item.log.reason) }
        }
    }
}

import Grants
import HTMLWriter

/// All openings on all hosts.
struct FleetOpeningsSection {
    let report: FleetReport

    func write(to main: inout Markup) {
        main.section("openings", "Openings") { section in
            section.fleetOpenings(
                report.model.openings,
                "Openings, by when they began",
                until: report.model.period.end
            )
        }
    }
}

/// Openings that gave more than was needed.
struct LeastPrivilegeSection {
    let report: FleetReport

    func write(to main: inout Markup) {
        main.section("privilege", "Unused and long openings") { section in
            let model = report.model
            section.element("h3", "Opened, and never used")
            section.element("p", "They ended without a connection on record.")
            section.fleetOpenings(model.dormant, "Never used", until: model.period.end)
            section.element("h3", "Open for longer than \(model.longest.shown)")
            section.fleetOpenings(model.long, "Long openings", until: model.period.end)
        }
    }
}

extension Markup {
    /// Appends a table of openings with their hosts.
    fileprivate mutating func fleetOpenings(
        _ list: LatestItems<FleetOpening>,
        _ caption: String,
        until end: Moment
    ) {
        let cells = OpeningCells(end: end)
        latest(list) { page, openings in
            page.table(caption, head: ["Host"] + OpeningCells.head, rows: openings) {
                row,
                opening in
                row.cell { $0.element("b", opening.host) }
                cells.write(&row, opening.timeline)
            }
        }
    }
}

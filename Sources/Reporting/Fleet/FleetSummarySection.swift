import Grants
import HTMLWriter

/// The numbers of the whole fleet.
struct FleetSummarySection {
    let report: FleetReport

    private var rows: [FleetRow] { report.model.rows }

    func write(to main: inout Markup) {
        main.section("summary", "Summary") { section in
            section.tiles(tiles)
            states(in: &section)
        }
    }

    private var tiles: [(String, String, String)] {
        let due = rows.filter { $0.log.outcome != .unexpected }
        let verified = due.count { $0.log.outcome == .verified }
        let unknown = rows.count { !$0.host.isKnown }
        let alarms = sum(\.alarms)
        let model = report.model
        return [
            ("Hosts", "\(rows.count)", "\(unknown) not heard or not believed"),
            ("Logs verified", "\(verified)", "of \(due.count), against the witness"),
            ("Openings", "\(model.openings.count)", "for \(people)"),
            ("Never used", "\(model.dormant.count)", "openings without a connection"),
            ("Break-glass", "\(alarms)", "\(sum(\.unreviewed)) not reviewed"),
            (
                "Denied attempts", "\(model.denied.attempts)",
                "from \(model.denied.count.counting("source"))"
            ),
        ]
    }

    private var people: String {
        let count = report.model.people.count
        let isMore = count >= FleetReportModel.openingBound
        return isMore ? "more than \(count) requestors" : count.counting("requestor")
    }

    private func sum(_ number: KeyPath<FleetRow, Int>) -> Int {
        rows.reduce(0) { $0 + $1[keyPath: number] }
    }

    private func states(in section: inout Markup) {
        let states = Dictionary(grouping: rows, by: \.host.state)
        let logs = Dictionary(grouping: rows, by: \.log.outcome).mapValues(\.count)
        section.table(
            "The states of the hosts, by the statuses that they signed",
            head: ["State", "Hosts", "Logs verified"],
            rows: states.keys.sorted()
        ) { row, state in
            let hosts = states[state] ?? []
            row.cell(state)
            row.number(Int64(hosts.count))
            row.number(Int64(hosts.count { $0.log.outcome == .verified }))
        }
        section.table(
            "The logs of the hosts",
            head: ["Result", "Hosts"],
            rows: ReportedLog.Outcome.allCases.filter { logs[$0] != nil }
        ) { row, outcome in
            row.cell { $0.mark(outcome.style, outcome.words) }
            row.number(Int64(logs[outcome] ?? 0))
        }
    }
}

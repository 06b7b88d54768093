import Grants
import HTMLWriter

/// The numbers that answer most questions, and the events on each port.
struct SummarySection {
    let report: Report

    func write(to main: inout Markup) {
        main.section("summary", "Summary") { section in
            section.tiles(tiles)
            ports(in: &section)
        }
    }

    private var tiles: [(String, String, String)] {
        let openings = report.openings
        let longest = openings.compactMap { openFor($0) }.max()
        let people = Set(openings.map(\.requestor)).count
        let signers = Set(openings.flatMap(\.signers)).count
        let attempts = report.denied.reduce(into: Int64(0)) { $0.add($1.attempts) }
        let refused = report.model.refusals.reduce(into: Int64(0)) { $0.add($1.count) }
        return [
            ("Openings", "\(openings.count)", longest.map(Self.longest) ?? "none"),
            ("People let in", "\(people)", "approved by \(signers)"),
            ("Used", "\(openings.count { $0.connections > 0 })", "openings with a connection"),
            ("Refused files", "\(refused)", "nothing was opened for them"),
            (
                "Denied attempts", "\(attempts)",
                "from \(report.denied.count) \(report.denied.count == 1 ? "address" : "addresses")"
            ),
            ("Exceptions", "\(report.exceptions.count)", "to look at, below"),
        ]
    }

    /// The longest time on one line, since a unit alone on a line is hard to read.
    private static func longest(_ time: Duration) -> String {
        "the longest " + time.shown.split(separator: " ").joined(separator: "\u{A0}")
    }

    private func openFor(_ timeline: GrantTimeline) -> Duration? {
        timeline.access(in: report.model.period).map { $0.end - $0.start }
    }

    private func ports(in section: inout Markup) {
        let ports = report.openingsByPort
        guard !ports.isEmpty else {
            return section.element("p", "No port was opened in this time.")
        }
        section.table(
            "What was open",
            head: ["Port", "Openings", "Open for, all together", "Who", "From"],
            rows: ports
        ) { row, port in
            row.cell(port.name)
            row.number(Int64(port.timelines.count))
            row.cell(port.spans.reduce(Duration.zero) { $0 + ($1.end - $1.start) }.shown)
            row.cell(list(port.timelines.map(\.requestor)))
            row.cell(list(port.timelines.flatMap(\.sources)))
        }
    }

    /// The distinct texts, the first twelve by name.
    private func list(_ texts: [String]) -> String {
        let all = Set(texts).sorted()
        let more = all.count > 12 ? " and \(all.count - 12) more" : ""
        return all.prefix(12).joined(separator: ", ") + more
    }
}

/// The grants of one port.
struct PortOpenings {
    let name: String
    let timelines: [GrantTimeline]
    /// The times at which it was open to any source.
    let spans: [Period]
}

extension Report {
    /// The grants by port, sorted by number.
    var openingsByPort: [PortOpenings] {
        var timelines: [String: [GrantTimeline]] = [:]
        for timeline in openings {
            for port in Set(timeline.ports) { timelines[port, default: []].append(timeline) }
        }
        let names = timelines.keys.sorted {
            (Self.number($0), $0) < (Self.number($1), $1)
        }
        return names.map { name in
            let all = timelines[name] ?? []
            return PortOpenings(
                name: name,
                timelines: all,
                spans: Period.union(all.compactMap { $0.access(in: model.period) })
            )
        }
    }

    private static func number(_ port: String) -> Int {
        Int(port.prefix { $0.isNumber }) ?? .max
    }
}

extension GrantTimeline {
    /// The part of a period in which access was possible.
    func access(in period: Period) -> Period? {
        guard let opened else { return nil }
        return Period(start: opened, end: end ?? period.end).clipped(to: period)
    }
}

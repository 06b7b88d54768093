import Grants
import HTMLWriter

/// The whole period at a glance: each port, and unusual events.
struct OverviewPicture {
    let report: Report

    private struct Row {
        let name: String
        let note: String
        let style: StaticString
        let spans: [Period]
    }

    func write(to section: inout Markup) {
        let rows = rows
        guard !rows.isEmpty else {
            return section.element("p", "Nothing was open, and the agent ran all the time.")
        }
        let picture = Picture(
            id: "overview",
            title: "Overview of the whole time",
            description: rows.map { "\($0.name): \($0.note)" }.joined(separator: "; "),
            axis: TimeAxis(of: report.model.period),
            rows: rows.count
        )
        picture.write(to: &section) { svg in
            for (index, row) in rows.enumerated() {
                svg.rowName(row.name, row: index)
                svg.rowNote(row.note, row: index)
                for (left, right) in bars(row.spans, picture.axis) {
                    svg.bar(row.style, from: left, to: right, row: index)
                }
            }
        }
    }

    private var rows: [Row] {
        let ports = report.openingsByPort.map { port in
            let open = port.spans.reduce(Duration.zero) { $0 + ($1.end - $1.start) }
            let note = "\(port.timelines.count.counting("opening")), \(open.shown)"
            return Row(name: port.name, note: note, style: "o", spans: port.spans)
        }
        let unusual: [(AuditFinding.Kind, String)] = [
            (.observed, "observe mode"), (.agentDown, "agent not running"),
        ]
        return ports
            + unusual.compactMap { kind, name in
                let spans = spans(of: kind)
                guard !spans.isEmpty else { return nil }
                let sum = spans.reduce(Duration.zero) { $0 + ($1.end - $1.start) }
                return Row(name: name, note: sum.shown, style: "w", spans: spans)
            }
    }

    private func spans(of kind: AuditFinding.Kind) -> [Period] {
        let spans = report.exceptions.filter { $0.kind == kind }.compactMap { exception in
            exception.start.flatMap { start in
                exception.end.flatMap { Period(start: start, end: $0).clipped(to: period) }
            }
        }
        return Period.union(spans)
    }

    private var period: Period { report.model.period }

    /// Bars wide enough to tell apart; those that touch are merged.
    private func bars(_ spans: [Period], _ axis: TimeAxis) -> [(Double, Double)] {
        var bars: [(Double, Double)] = []
        for span in spans {
            let (left, right) = (axis.x(span.start), axis.x(span.end))
            if let last = bars.last, left - last.1 < 1 {
                bars[bars.count - 1].1 = max(last.1, right)
            } else {
                bars.append((left, max(right, left + 2)))
            }
        }
        return bars
    }
}

import Grants
import HTMLWriter

/// All openings: requestor, approvers, source, reason and end.
struct OpeningsSection {
    let report: Report

    func write(to main: inout Markup) {
        main.section("openings", "Openings") { section in
            guard !report.openings.isEmpty else {
                return section.element("p", "Nothing was opened in this time.")
            }
            let cells = OpeningCells(end: report.model.period.end)
            section.pages(of: report.openings, named: \.days) { page, timelines in
                page.table(
                    "Openings, by when they began",
                    head: OpeningCells.head,
                    rows: timelines,
                    cells.write
                )
            }
        }
    }
}

/// The cells of a row that tells of one opening.
struct OpeningCells {
    static let head = [
        "Opened", "Ended", "Who, approved by", "From, to", "Why", "Use", "Grant",
    ]

    /// The end of the period: nothing is known of the time after it.
    let end: Moment

    func write(_ row: inout TableRow, _ timeline: GrantTimeline) {
        row.moment(timeline.opened)
        row.cell { ended(timeline, in: &$0) }
        row.cell { cell in
            cell.element("b", timeline.requestor)
            cell.element("small", "by \(timeline.signers.joined(separator: ", "))")
            if !timeline.approvers.isEmpty {
                let entries = timeline.approvers.joined(separator: ", ")
                cell.element("small", "within the limits of approver \(entries)")
            }
            if timeline.isOwnApproval {
                cell.element("small", ["class": "warn"], "\u{26A0} own approval")
            }
        }
        row.cell { cell in
            cell.text(timeline.sources.joined(separator: ", "))
            cell.element("small", "to \(timeline.ports.joined(separator: ", "))")
        }
        row.cell { cell in
            cell.text(timeline.justification)
            if !timeline.ticket.isEmpty { cell.element("small", timeline.ticket) }
        }
        row.cell { use(timeline, in: &$0) }
        row.cell { $0.element("code", timeline.id) }
    }

    func ended(_ timeline: GrantTimeline, in cell: inout Markup) {
        guard let closed = timeline.closed else { return unclosed(timeline, in: &cell) }
        cell.moment(closed)
        let span = timeline.opened.map { (closed - $0).shown } ?? ""
        cell.element("small", "\(timeline.reason) after \(span)")
        let order = [timeline.actor, timeline.comment].filter { !$0.isEmpty }.joined(
            separator: ": "
        )
        if !order.isEmpty { cell.element("small", order) }
        if let text = drain(timeline) { cell.element("small", text) }
    }

    private func drain(_ timeline: GrantTimeline) -> String? {
        guard let until = timeline.drainUntil else { return nil }
        let sessions = timeline.drainCount.counting("session")
        guard let drained = timeline.drained else {
            return "\(sessions) may go on until \(clock(until, on: timeline))"
        }
        return "\(sessions) drained until \(clock(drained, on: timeline)): \(timeline.drainReason)"
    }

    /// Reports a missing end: the grant is still open, or no agent recorded its deadline.
    private func unclosed(_ timeline: GrantTimeline, in cell: inout Markup) {
        if let deadline = timeline.deadline, deadline < end {
            cell.moment(deadline)
            return cell.element("small", "its deadline; no record of its end")
        }
        cell.element("b", "open")
        cell.element("small", "until \(timeline.deadline?.shown ?? "?")")
    }

    /// The time of day, with the date unless the grant opened on it.
    private func clock(_ moment: Moment, on timeline: GrantTimeline) -> String {
        let isSameDay = moment.shown.prefix(10) == timeline.opened?.shown.prefix(10)
        return isSameDay ? String(moment.shown.dropFirst(11)) : moment.shown
    }

    func use(_ timeline: GrantTimeline, in cell: inout Markup) {
        guard timeline.connections > 0 || timeline.firstUse != nil else {
            return cell.element("span", ["class": "dim"], "none recorded")
        }
        cell.unbroken(timeline.connections.counting("connection"))
        if let first = timeline.firstUse {
            cell.element("small") { $0.unbroken("first \(clock(first, on: timeline))") }
        }
        if let bytes = timeline.traffic { cell.element("small") { $0.unbroken(bytes.shownAsSize) } }
    }
}

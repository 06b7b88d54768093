import Grants

/// All openings: requestor, approvers, source, reason and end.
struct OpeningsSection {
    let report: Report

    func write(to main: inout Markup) {
        main.section("openings", "Openings") { section in
            guard !report.openings.isEmpty else {
                return section.element("p", "Nothing was opened in this time.")
            }
            section.pages(of: report.openings, by: 250, named: \.days) { page, stories in
                page.table(
                    "Openings, by when they began",
                    head: [
                        "Opened", "Ended", "Who, approved by", "From, to", "Why", "Use", "Grant",
                    ],
                    rows: stories,
                    cells
                )
            }
        }
    }

    private func cells(_ row: inout TableRow, _ story: GrantStory) {
        row.moment(story.opened)
        row.cell { ended(story, in: &$0) }
        row.cell { cell in
            cell.element("b", story.requestor)
            cell.element("small", "by \(story.signers.joined(separator: ", "))")
            if !story.approvers.isEmpty {
                let entries = story.approvers.joined(separator: ", ")
                cell.element("small", "within the limits of approver \(entries)")
            }
            if story.isOwnApproval {
                cell.element("small", ["class": "warn"], "\u{26A0} own approval")
            }
        }
        row.cell { cell in
            cell.text(story.sources.joined(separator: ", "))
            cell.element("small", "to \(story.ports.joined(separator: ", "))")
        }
        row.cell { cell in
            cell.text(story.justification)
            if !story.ticket.isEmpty { cell.element("small", story.ticket) }
        }
        row.cell { use(story, in: &$0) }
        row.cell { $0.element("code", story.id) }
    }

    private func ended(_ story: GrantStory, in cell: inout Markup) {
        guard let closed = story.closed else { return unclosed(story, in: &cell) }
        cell.moment(closed)
        let span = story.opened.map { (closed - $0).shown } ?? ""
        cell.element("small", "\(story.reason) after \(span)")
        let order = [story.actor, story.comment].filter { !$0.isEmpty }.joined(separator: ": ")
        if !order.isEmpty { cell.element("small", order) }
        if let text = drain(story) { cell.element("small", text) }
    }

    private func drain(_ story: GrantStory) -> String? {
        guard let until = story.drainUntil else { return nil }
        let sessions = story.drainCount.counting("session")
        guard let drained = story.drained else {
            return "\(sessions) may go on until \(clock(until, on: story))"
        }
        return "\(sessions) drained until \(clock(drained, on: story)): \(story.drainReason)"
    }

    /// Reports a missing end: the grant is still open, or no agent recorded its deadline.
    private func unclosed(_ story: GrantStory, in cell: inout Markup) {
        if let deadline = story.deadline, deadline < report.chronicle.period.end {
            cell.moment(deadline)
            return cell.element("small", "its deadline; no record of its end")
        }
        cell.element("b", "open")
        cell.element("small", "until \(story.deadline?.shown ?? "?")")
    }

    /// The time of day, with the date unless the grant opened on it.
    private func clock(_ moment: Moment, on story: GrantStory) -> String {
        let isSameDay = moment.shown.prefix(10) == story.opened?.shown.prefix(10)
        return isSameDay ? String(moment.shown.dropFirst(11)) : moment.shown
    }

    private func use(_ story: GrantStory, in cell: inout Markup) {
        guard story.connections > 0 || story.firstUse != nil else {
            return cell.element("span", ["class": "dim"], "none recorded")
        }
        cell.unbroken(story.connections.counting("connection"))
        if let first = story.firstUse {
            cell.element("small") { $0.unbroken("first \(clock(first, on: story))") }
        }
        if let bytes = story.traffic { cell.element("small") { $0.unbroken(bytes.shownAsSize) } }
    }
}

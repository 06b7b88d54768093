import Auditing
package import Grants

/// The review of a break-glass grant.
package struct ReportedReview: Hashable, Sendable {
    package let moment: Moment
    package let reviewers: [String]
    package let outcome: String
    package let reason: String

    init(_ record: Record) {
        moment = record.stamp.realtime
        let signer = "signer:"
        reviewers = (record.entry.fields[.actor] ?? []).map { actor in
            actor.hasPrefix(signer) ? String(actor.dropFirst(signer.count)) : actor
        }
        outcome = record.entry[.outcome] ?? ""
        reason = record.entry[.comment] ?? ""
    }
}

/// The grants that were let in on an alarm, and what was found of them.
struct BreakGlassSection {
    let report: Report

    func write(to main: inout Markup) {
        main.section("break-glass", "Break-glass") { section in
            let stories = report.chronicle.alarms
            guard !stories.isEmpty else {
                return section.element("p", "No grant was let in on an alarm.")
            }
            section.pages(of: stories, by: 250, named: \.days) { page, stories in
                page.table(
                    "Grants that were let in on an alarm, by when they opened",
                    head: ["Opened", "Who, signed by", "From, to", "Why", "Review", "Grant"],
                    rows: stories,
                    cells
                )
            }
        }
    }

    private func cells(_ row: inout TableRow, _ story: GrantStory) {
        row.moment(story.alarmed)
        row.cell { cell in
            cell.element("b", story.requestor)
            cell.element("small", "by \(story.signers.joined(separator: ", "))")
            let entries = story.breakGlass.joined(separator: ", ")
            cell.element("small", "by the alarm of approver \(entries)")
        }
        row.cell { cell in
            cell.text(story.sources.joined(separator: ", "))
            cell.element("small", "to \(story.ports.joined(separator: ", "))")
        }
        row.cell { cell in
            cell.text(story.justification)
            if !story.ticket.isEmpty { cell.element("small", story.ticket) }
        }
        row.cell { review(story.review, in: &$0) }
        row.cell { $0.element("code", story.id) }
    }

    private func review(_ review: ReportedReview?, in cell: inout Markup) {
        guard let review else {
            return cell.element("b", ["class": "warn"], "\u{26A0} not reviewed")
        }
        cell.element("b", review.outcome)
        cell.element("small", review.reason)
        cell.element("small", "by \(review.reviewers.joined(separator: ", "))")
        cell.element("small") { $0.moment(review.moment) }
    }
}

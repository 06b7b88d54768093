import Auditing
package import Grants
import HTMLWriter

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
            let timelines = report.model.alarms
            guard !timelines.isEmpty else {
                return section.element("p", "No grant was let in on an alarm.")
            }
            section.pages(of: timelines, named: \.days) { page, timelines in
                page.table(
                    "Grants that were let in on an alarm, by when they opened",
                    head: BreakGlassCells.head,
                    rows: timelines,
                    BreakGlassCells.write
                )
            }
        }
    }
}

/// The cells of a row that tells of a grant that was let in on an alarm.
enum BreakGlassCells {
    static let head = ["Opened", "Who, signed by", "From, to", "Why", "Review", "Grant"]

    static func write(_ row: inout TableRow, _ timeline: GrantTimeline) {
        row.moment(timeline.alarmed)
        row.cell { cell in
            cell.element("b", timeline.requestor)
            cell.element("small", "by \(timeline.signers.joined(separator: ", "))")
            let entries = timeline.breakGlass.joined(separator: ", ")
            cell.element("small", "by the alarm of approver \(entries)")
        }
        row.cell { cell in
            cell.text(timeline.sources.joined(separator: ", "))
            cell.element("small", "to \(timeline.ports.joined(separator: ", "))")
        }
        row.cell { cell in
            cell.text(timeline.justification)
            if !timeline.ticket.isEmpty { cell.element("small", timeline.ticket) }
        }
        row.cell { review(timeline.review, in: &$0) }
        row.cell { $0.element("code", timeline.id) }
    }

    private static func review(_ review: ReportedReview?, in cell: inout Markup) {
        guard let review else {
            return cell.element("b", ["class": "warn"], "\u{26A0} not reviewed")
        }
        cell.element("b", review.outcome)
        cell.element("small", review.reason)
        cell.element("small", "by \(review.reviewers.joined(separator: ", "))")
        cell.element("small") { $0.moment(review.moment) }
    }
}

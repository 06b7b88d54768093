import Conditions
import Grants
package import HTMLWriter

/// One host with all that it reports.
package struct HostPage: HubPage, Sendable {
    /// A protected port with its rules.
    package struct Port: Hashable, Sendable {
        package var port: String
        package var maxDuration: Duration
        package var allowedSources: [String]
        /// The widest networks: /32 and /128 are single addresses.
        package var widestIPv4: Int
        package var widestIPv6: Int
        package var approvals: Int64
        package var approvalsFrom: [String]
        package var wantsRequestorSignature: Bool
        package var wantsReason: Bool
        /// The patterns of tickets, of which one must match; none if a ticket is not needed.
        package var tickets: [String]

        package init(
            port: String,
            maxDuration: Duration,
            allowedSources: [String],
            widestIPv4: Int,
            widestIPv6: Int,
            approvals: Int64,
            approvalsFrom: [String] = [],
            wantsRequestorSignature: Bool = false,
            wantsReason: Bool = true,
            tickets: [String] = []
        ) {
            (self.port, self.maxDuration) = (port, maxDuration)
            (self.allowedSources, self.tickets) = (allowedSources, tickets)
            (self.widestIPv4, self.widestIPv6) = (widestIPv4, widestIPv6)
            (self.approvals, self.approvalsFrom) = (approvals, approvalsFrom)
            self.wantsRequestorSignature = wantsRequestorSignature
            self.wantsReason = wantsReason
        }
    }

    package var row: HostRow
    package var ports: [Port] = []
    /// The labels as `NAME=VALUE`.
    package var labels: [String] = []
    package var kernel: String?
    package var history: [ActivityRow] = []

    package init(_ row: HostRow) {
        self.row = row
    }

    package var title: String { row.host }
    package var place: PagePlace? { .hosts }
    package var subject: LiveSubject? { .host(row.host) }

    package func write(to main: inout Markup, in frame: PageFrame) {
        main.element("p", ["class": "standing"]) { row.state(in: &$0) }
        if frame.visitor?.mayAsk ?? false {
            main.element("p") { line in
                let form = PageLink("request").with("hosts", row.host)
                line.element("a", ["class": "main", "href": form.text], "Ask for access")
            }
        }
        main.section("open", "Open now") { openings(&$0, frame) }
        main.section("conditions", "Conditions") { conditions(&$0) }
        main.section("ports", "Protected ports") { protection(&$0) }
        main.section("facts", "The host") { facts(&$0) }
        main.section("history", "History") { $0.history(history, without: .host) }
    }

    private func openings(_ section: inout Markup, _ frame: PageFrame) {
        guard !row.open.isEmpty else { return section.paragraph("No grant is open.") }
        let head = ["Who", "From", "Ports", "Since", "Left", "Signed by", "Ticket"]
        section.table("Grants that are open", head: head, rows: row.open) { cells, access in
            cells.attributes = ["id": "o-\(access.id)"]
            cells.cell { $0.link(.request(access.id), access.requestor) }
            cells.cell { $0.lines(access.sources) }
            cells.cell { $0.lines(access.ports) }
            cells.moment(access.opened)
            cells.cell(access.left(at: frame.now))
            cells.cell { $0.lines(access.signers) }
            cells.cell { $0.optional(access.ticket) }
        }
        let more = row.openCount - row.open.count
        if more > 0 { section.element("p", ["class": "help"], "\(more) more are open.") }
    }

    private func conditions(_ section: inout Markup) {
        guard !row.conditions.isEmpty else { return section.paragraph("It reports none.") }
        let head = ["Condition", "Subject", "What it is", "What to do", "Since"]
        section.table("Conditions, the gravest first", head: head, rows: row.conditions) {
            cells,
            condition in
            cells.cell { $0.pill(condition.severity.kind, condition.code) }
            cells.cell { $0.optional(condition.subject) }
            cells.cell(condition.message)
            cells.cell { $0.optional(condition.remedy) }
            cells.moment(condition.since)
        }
    }

    private func facts(_ section: inout Markup) {
        section.facts { list in
            list.fact("Group", ifAny: row.group)
            list.fact("Labels") { $0.lines(labels) }
            list.fact("Trusted networks") { $0.lines(row.trusted) }
            list.fact("Version", ifAny: row.version)
            list.fact("Kernel", ifAny: kernel)
            list.fact("Table", ifAny: row.tableOwnership)
            list.fact("Heard", ifAny: row.age.map { "\($0.shown) ago" })
            list.fact("Records", ifAny: row.checkpoint.map { String($0.size) })
            list.moment("Log verified", row.checkpoint?.verified)
            list.fact("Requests in 7 days", String(row.requests7d))
            list.fact("Last user", ifAny: row.lastUser)
            list.moment("Last use", row.lastUse)
        }
    }
}

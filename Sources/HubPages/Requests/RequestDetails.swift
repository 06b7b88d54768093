import Depot
import Grants
import HTMLWriter
import Requests

/// The sections of a request.
extension RequestPage {
    func facts(_ section: inout Markup) {
        let grant = request.grant
        section.facts { list in
            list.fact("Comes in", grant.requestor)
            list.fact("From") { $0.lines(grant.sources.map(\.description)) }
            list.fact("To hosts") { $0.lines(grant.hosts.map(\.description)) }
            list.fact("Ports") { $0.lines(grant.ports.map(\.description)) }
            list.fact("For", ifAny: grant.duration.map { "\($0.shown) from the first opening" })
            list.moment("Not before", grant.notBefore)
            list.moment("Over at the latest", grant.expires)
            list.fact("Reason", ifAny: grant.justification)
            list.fact("Ticket", ifAny: grant.ticket)
            if !grant.supersedes.isEmpty {
                list.fact("In place of") { $0.replaced(grant.supersedes) }
            }
            list.fact("Asked by") { $0.asker(request) }
            list.moment("Asked", request.created)
            if state == .pending { list.moment("Lapses", request.lapses) }
            list.fact("Id") { $0.element("code", id) }
        }
    }

    func outlook(_ section: inout Markup) {
        guard !hosts.isEmpty else {
            return section.paragraph("No host that the hub knows is one of these.")
        }
        section.counts(of: hosts.map(\.outlook.verdict))
        let shown = hosts.sorted { $0.urgency < $1.urgency }.prefix(OutlookSummary.mostRows)
        let head = ["Host", "State of the host", "Opens", "It says", "File", "Open since", "Until"]
        section.table("What each host makes of it", head: head, rows: shown) { row, host in
            let name = host.outlook.host.description
            row.attributes = ["id": "h-\(name)"]
            row.cell { $0.link(.host(name), name) }
            row.cell(host.state)
            row.cell { $0.lines(host.outlook.ports.map(\.description)) }
            row.cell { host.outlook.verdict.write(to: &$0) }
            row.cell(host.isPublished ? "published" : "\u{2013}")
            row.moment(host.openSince)
            row.moment(host.deadline)
        }
        section.rest(of: hosts.count, in: PageLink("v1", "requests", id))
        let words =
            "This is by the rules that each host has reported. It may know more: it judges "
            + "the file itself."
        section.element("p", ["class": "help"], words)
    }

    func signers(_ section: inout Markup) {
        guard !signatures.isEmpty else { return section.paragraph("Nobody has signed it yet.") }
        let head = ["Name", "As", "Key", "Time"]
        section.table("Signatures under the bytes below", head: head, rows: signatures) {
            row,
            signature in
            row.cell(signature.signer)
            row.cell(signature.namespace == "jitgate-request" ? "requestor" : "approver")
            row.cell { $0.element("code", signature.key) }
            row.moment(signature.added)
        }
    }

    func bytes(_ section: inout Markup) {
        section.preformatted(request.payload)
        section.element("p", ["class": "help"]) { line in
            line.text("\(request.payload.count) bytes, SHA-256 ")
            line.element("code", request.sha256)
            line.text(". ")
            line.link(PageLink("v1", "requests", id, "file"), "The file with all signatures")
        }
    }

    /// The form to withdraw a request; of one that is on its way to hosts, the command that ends it.
    func withdrawal(_ main: inout Markup, _ frame: PageFrame) {
        let isOut = state == .published || state == .open
        main.section("withdraw", isOut ? "End it" : "Withdraw it") { section in
            guard !isOut else {
                section.paragraph("Its file is with the hosts: they close it by a revocation.")
                return section.command("jitgate revoke \(id)")
            }
            section.form(to: PageLink("requests", id, "withdraw"), of: frame) { form in
                let label = "Reason, for those who were asked"
                form.field(FormField(name: "reason", label: label, isRequired: true))
                form.button("Withdraw the request", isMain: false)
            }
        }
    }
}

extension RequestPage.Host {
    /// The place in the table: hosts where it is open come first, then those with a problem.
    fileprivate var urgency: Int { openSince == nil ? outlook.verdict.urgency : -1 }
}

extension Markup {
    /// Appends bytes as text whose lines stay as they are.
    mutating func preformatted(_ bytes: [UInt8]) {
        element("pre", ["tabindex": "0"]) { pre in
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() {
                if index > 0 { pre.raw("\n") }
                pre.text(String(decoding: line, as: UTF8.self))
            }
        }
    }

    fileprivate mutating func replaced(_ ids: [GrantID]) {
        for id in ids {
            element("code") { $0.link(.request(id.description), id.description) }
        }
    }

    fileprivate mutating func asker(_ request: AccessRequest) {
        text(request.askedBy)
        guard !request.isSigned else { return text(", signed") }
        text(" ")
        pill("warn", "unsigned")
    }
}

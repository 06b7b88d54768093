import Depot
package import Grants
import HTMLWriter
package import Requests

/// The request that the fields of a form make, and what hosts would make of it.
package struct AskPreview: Hashable, Sendable {
    package var grant: Grant
    package var payload: [UInt8]
    /// The command that makes, signs and sends the same request.
    package var command: String
    package var hosts: [HostOutlook]
    /// True if the hub would take it: not all hosts refuse it.
    package var isPossible: Bool
    /// The payload in Base64, for those who may send it unsigned; `nil` for the others.
    package var unsigned: String?

    package init(
        _ grant: Grant,
        payload: [UInt8],
        command: String,
        hosts: [HostOutlook],
        isPossible: Bool = true,
        unsigned: String? = nil
    ) {
        (self.grant, self.payload, self.command) = (grant, payload, command)
        (self.hosts, self.isPossible, self.unsigned) = (hosts, isPossible, unsigned)
    }

    func write(_ section: inout Markup, _ frame: PageFrame) {
        summary(&section)
        outlook(&section)
        guard isPossible else { return }
        section.element("h3", "Sign and send it")
        section.paragraph("On a command line, with your own key:")
        section.command(command)
        if unsigned != nil { send(&section, frame) }
        section.element("details") { details in
            details.element("summary", "The bytes")
            details.preformatted(payload)
        }
    }

    private func summary(_ section: inout Markup) {
        section.facts { list in
            list.fact("Comes in", grant.requestor)
            list.fact("From") { $0.lines(grant.sources.map(\.description)) }
            list.fact("Ports", grant.ports.map(\.description).joined(separator: ", "))
            list.fact("For", ifAny: grant.duration?.shown)
            list.moment("Not before", grant.notBefore)
            list.moment("Over at the latest", grant.expires)
        }
    }

    private func outlook(_ section: inout Markup) {
        if hosts.isEmpty {
            return section.note("bad") {
                $0.paragraph("No host that the hub knows is one of these: mend Hosts below.")
            }
        }
        if !isPossible {
            section.note("bad") { $0.paragraph("No host would take it, so it cannot be sent.") }
        }
        section.counts(of: hosts.map(\.verdict))
        let shown = hosts.sorted { $0.verdict.urgency < $1.verdict.urgency }
            .prefix(OutlookSummary.mostRows)
        section.table(
            "What each host makes of it",
            head: ["Host", "Opens", "It says"],
            rows: shown
        ) { row, host in
            row.cell { $0.link(.host(host.host.description), host.host.description) }
            row.cell { $0.lines(host.ports.map(\.description)) }
            row.cell { host.verdict.write(to: &$0) }
        }
        section.rest(of: hosts.count)
    }

    private func send(_ section: inout Markup, _ frame: PageFrame) {
        section.form(to: PageLink("request"), of: frame) { form in
            form.hidden("payload", unsigned ?? "")
            form.button("Send it unsigned")
        }
        let words =
            "Nobody can tell from an unsigned request that it is yours; hosts that want the "
            + "requestor's own signature refuse it."
        section.element("p", ["class": "help"], words)
    }
}

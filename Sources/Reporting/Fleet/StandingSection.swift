import Grants
import HTMLWriter

/// Access that needs no grant, and the keys that can make grants.
struct StandingSection {
    let report: FleetReport

    private var standing: StandingAccess { report.model.standing }

    func write(to main: inout Markup) {
        main.section("standing", "Standing access") { section in
            section.element("h3", "Trusted networks, which were never denied")
            networks(in: &section)
            section.element("h3", "Keys by which grants were admitted")
            signers(in: &section)
            section.element("h3", "Files of allowed signers in force")
            files(in: &section)
            guard standing.leftOut > 0 else { return }
            let text = "\(standing.leftOut) more networks and keys found no room in these tables."
            section.element("p", ["class": "warn"], text)
        }
    }

    private func networks(in section: inout Markup) {
        let networks = standing.networks.sorted { $0.key < $1.key }
        if networks.isEmpty {
            section.element("p", "None, as far as logs and statuses say.")
        } else {
            section.pages(of: networks) { page, networks in
                page.table(
                    "Trusted networks",
                    head: ["Network", "From", "To", "Hosts", "At the end", "By status alone"],
                    rows: networks
                ) { row, item in
                    row.cell { $0.element("code", item.key) }
                    row.moment(item.value.first)
                    row.moment(item.value.last)
                    row.number(Int64(item.value.hosts))
                    row.number(Int64(item.value.hostsAtEnd))
                    row.number(Int64(item.value.hostsByStatus))
                }
            }
        }
        guard standing.spans.count > 0 else { return }
        section.element("details") { details in
            details.element("summary") { $0.element("b", "On each host, from when to when") }
            standing.spans.write(to: &details, as: "On each host")
        }
    }

    private func signers(in section: inout Markup) {
        let signers = standing.signers.sorted { $0.key < $1.key }
        guard !signers.isEmpty else {
            return section.element("p", "No grant was accepted in this time.")
        }
        section.pages(of: signers) { page, signers in
            page.table(
                "Lines of allowed_signers, as records of accepted grants carry them",
                head: ["Signer", "First", "Last", "Grants", "Hosts", "Line"],
                rows: signers
            ) { row, item in
                row.cell { $0.element("b", item.value.names.sorted().joined(separator: ", ")) }
                row.moment(item.value.first)
                row.moment(item.value.last)
                row.number(Int64(item.value.grants))
                row.number(Int64(item.value.hosts))
                row.cell { $0.element("code", item.key) }
            }
        }
    }

    private func files(in section: inout Markup) {
        let files = standing.files.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let own = report.context.signers
        if files.isEmpty {
            section.element("p", "No host has said which file it uses.")
        } else {
            section.pages(of: Array(files)) { page, files in
                page.table(
                    "SHA-256 of allowed_signers, as the hosts' signed statuses have it",
                    head: ["File", "Hosts", ""],
                    rows: files
                ) { row, item in
                    row.cell { $0.element("code", item.key) }
                    row.number(Int64(item.value))
                    row.cell(item.key == own?.digest ? "the file below" : "")
                }
            }
        }
        guard let own else {
            return section.element("p", "The report was made without a copy of the file.")
        }
        let text =
            "The auditor's file, \(own.digest), in force on \(standing.files[own.digest] ?? 0)"
        section.element("p", text + " of \(report.model.rows.count) hosts:")
        section.preformatted(own.lines.joined(separator: "\n"))
    }
}

import HTMLWriter

/// The rules of the protected ports.
extension HostPage {
    func protection(_ section: inout Markup) {
        guard !ports.isEmpty else { return section.paragraph("It reports no protected port.") }
        let head = ["Port", "At most", "Approvals", "From networks", "Needs"]
        section.table("Rules by port", head: head, rows: ports) { row, port in
            row.cell(port.port)
            row.cell(port.maxDuration.shown)
            row.cell { $0.approvals(of: port) }
            row.cell { $0.networks(of: port) }
            row.cell { $0.lines(port.needs) }
        }
    }
}

extension HostPage.Port {
    /// The things that a request must have.
    fileprivate var needs: [String] {
        var needs: [String] = []
        if wantsReason { needs.append("a reason") }
        if wantsRequestorSignature { needs.append("the requestor's signature") }
        if !tickets.isEmpty { needs.append("a ticket like \(tickets.joined(separator: " or "))") }
        return needs
    }
}

extension Markup {
    fileprivate mutating func approvals(of port: HostPage.Port) {
        text(String(port.approvals))
        guard !port.approvalsFrom.isEmpty else { return }
        element("small", "from \(port.approvalsFrom.joined(separator: ", "))")
    }

    fileprivate mutating func networks(of port: HostPage.Port) {
        if port.allowedSources.isEmpty { text("anywhere") } else { short(port.allowedSources) }
        element("small", "no wider than /\(port.widestIPv4) and /\(port.widestIPv6)")
    }
}

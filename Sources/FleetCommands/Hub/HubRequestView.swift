import CommandSupport
import Grants
import StrictJSON

/// Requests in words and in tables.
enum HubRequestView {
    static let columns = [
        "id", "state", "requestor", "hosts", "ports", "sources", "expires", "missing", "reason",
        "ticket",
    ]

    /// The cells of a row, by the payload; one that is no grant shows as it came.
    static func row(_ request: HubRequest) -> [String] {
        guard let grant = try? Grant(parsing: request.payload) else {
            return [request.id.description, request.state, request.askedBy]
                + [String](repeating: "?", count: columns.count - 3)
        }
        return [
            request.id.description, request.state, grant.requestor,
            DisplayText.list(grant.hosts), DisplayText.list(grant.ports),
            DisplayText.list(grant.sources), DisplayText.moment(grant.expires),
            missing(request), grant.justification ?? "", grant.ticket ?? "",
        ]
    }

    /// The largest number of approvals that a host still wants; `?` if nothing is known of any.
    private static func missing(_ request: HubRequest) -> String {
        guard ["pending", "approved", "published"].contains(request.state) else { return "" }
        let known = request.outlook.filter { $0.unknown == nil && $0.refusal == nil }
        return known.map(\.needs).max().map { "\($0)" } ?? "?"
    }

    static func table(_ requests: [HubRequest]) -> [String] {
        var table = Table(header: columns.map { $0.uppercased() })
        for request in requests { table.add(row(request)) }
        return table.lines
    }

    static func csv(_ requests: [HubRequest]) -> CSVTable {
        CSVTable(columns: columns, rows: requests.map(row))
    }

    /// One request with all that is known of it.
    static func lines(_ request: HubRequest) -> [String] {
        let grant = try? Grant(parsing: request.payload)
        let role = request.isSigned ? "signed by" : "unsigned, sent by"
        var lines = ["\(request.id)  \(request.state)  (\(role) \(request.askedBy))"]
        lines += grant?.summary.map { "  \($0)" } ?? ["  its payload is no grant"]
        if !request.approvers.isEmpty {
            lines.append("  approved by \(request.approvers.joined(separator: ", "))")
        }
        if let decision = request.decision { lines.append("  \(words(decision))") }
        return lines + request.outlook.map { "  \($0.host): \($0.summary)" }
    }

    static func words(_ decision: HubRequest.Decision) -> String {
        let verb = decision.decision == "deny" ? "denied" : "withdrawn"
        return "\(verb) by \(decision.by): \(decision.reason)"
    }
}

extension Console {
    /// Prints lines with texts of strangers.
    func print(safely lines: [String]) {
        for line in lines { print(DisplayText.safe(line)) }
    }
}

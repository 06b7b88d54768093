import HTMLWriter
import Requests

/// The bounds of what a page shows of many hosts.
enum OutlookSummary {
    static let mostRows = 200
}

extension HostOutlook.Verdict {
    /// The place in a table: what somebody has to mend comes first.
    var urgency: Int {
        switch self {
        case .refuses: 0
        case .unknown: 1
        case .needs: 2
        case .opens: 3
        }
    }
}

extension HostOutlook.Verdict {
    /// Appends the view of a host on a request.
    func write(to cell: inout Markup) {
        switch self {
        case .opens: cell.pill("good", "opens")
        case .needs(let approvals, let names):
            cell.pill("warn", "needs \(approvals) more")
            guard !names.isEmpty else { return }
            cell.element("small", "from \(names.joined(separator: ", "))")
        case .refuses(let rule, let reason, let remedy):
            cell.pill("bad", "refuses")
            cell.text(" \(reason)")
            if !remedy.isEmpty { cell.element("small", remedy) }
            cell.element("small") { $0.element("code", rule) }
        case .unknown(let reason):
            cell.pill("dim", "unknown")
            cell.element("small", reason)
        }
    }
}

extension Markup {
    /// Appends the number of hosts of each verdict.
    mutating func counts(of verdicts: [HostOutlook.Verdict]) {
        let one = ["refuses it", "is unknown", "needs approvals", "opens"]
        let many = ["refuse it", "are unknown", "need approvals", "open"]
        let counts = Dictionary(grouping: verdicts, by: \.urgency).mapValues(\.count)
        let parts = counts.sorted { $0.key > $1.key }.map { place, count in
            "\(count) \((count == 1 ? one : many)[place])"
        }
        let hosts = "\(verdicts.count) \(verdicts.count == 1 ? "host" : "hosts")"
        paragraph("Of \(hosts), \(parts.joined(separator: ", ")).")
    }

    /// Appends a remark if a table does not show all hosts, with a link to the call that does.
    mutating func rest(of count: Int, in link: PageLink? = nil) {
        guard count > OutlookSummary.mostRows else { return }
        element("p", ["class": "help"]) { line in
            line.text("\(count - OutlookSummary.mostRows) more hosts are left out here. ")
            if let link { line.link(link, "All of them, as JSON") }
        }
    }
}

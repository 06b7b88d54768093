import Grants
import HubPages
import Requests

/// Makes the rows of the list of requests.
struct RequestLister: Sendable {
    private static let limit = 50

    let desk: RequestDesk
    let person: Person

    /// The next rows of a view, the newest first.
    func rows(
        _ page: RequestsPage.Filter,
        before cursor: Int64?
    ) async throws(RequestError) -> RequestViews.Part<RequestRow> {
        let views = desk.views
        return try await views.part(of: filter(page), before: cursor, limit: Self.limit) {
            await row(of: $0, page, views)
        }
    }

    private func filter(_ page: RequestsPage.Filter) -> RequestFilter {
        var filter = RequestFilter()
        filter.state = page.view == .waiting ? .pending : page.state
        filter.requestor = page.requestor.isEmpty ? nil : page.requestor
        filter.host = page.host.isEmpty ? nil : page.host.lowercased()
        filter.ticket = page.ticket.isEmpty ? nil : page.ticket
        if page.view == .mine { filter.concerning = person.name }
        return filter
    }

    /// The row of a request; `nil` if it is none of the view.
    private func row(
        of stored: StoredRequest,
        _ page: RequestsPage.Filter,
        _ views: RequestViews
    ) async -> RequestRow? {
        if page.view == .waiting, !mayApprove(stored) { return nil }
        let now = desk.now()
        let outlook = await views.view(of: stored).outlook
        let state = stored.state(by: outlook, at: now).state
        let wanted = page.view == .waiting ? .pending : page.state
        guard wanted.map({ $0 == state }) ?? true else { return nil }
        if page.view == .waiting, !waits(outlook) { return nil }
        var row = RequestRow(stored.request, state: state)
        row.open = stored.openCount(at: now)
        row.needs = outlook?.hosts.map(\.missing).max() ?? 0
        return row
    }

    /// True if the person approves, has not approved this, and has not asked for it.
    private func mayApprove(_ stored: StoredRequest) -> Bool {
        let isSigned = stored.signatures.contains {
            $0.namespace == Permission.grant.rawValue && $0.signer == person.name
        }
        return person.may(.grant) && !isSigned && stored.request.grant.requestor != person.name
    }

    /// True if an approval of the person would count on one of the hosts.
    private func waits(_ outlook: RequestOutlook?) -> Bool {
        outlook?.hosts.contains { $0.wants(person.name) } ?? true
    }
}

extension HostOutlook {
    /// The number of approvals that are missing.
    var missing: Int {
        if case .needs(let approvals, _) = verdict { approvals } else { 0 }
    }

    /// True if an approval of this name is one that the host asks for.
    fileprivate func wants(_ name: String) -> Bool {
        switch verdict {
        case .needs(_, let names): names.isEmpty || names.contains(name)
        case .unknown: true
        case .opens, .refuses: false
        }
    }
}

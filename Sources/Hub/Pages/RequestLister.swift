import Grants
import HubPages
import HubStorage
import Requests

/// Makes the rows of the list of requests.
struct RequestLister: Sendable {
    /// The most requests that are looked at for one page.
    private static let mostLookups = 1000
    private static let limit = 50

    let desk: RequestDesk
    let person: Person

    struct Result: Sendable {
        var rows: [RequestRow] = []
        var next: Int64?
    }

    /// The next rows of a view, the newest first.
    func rows(
        _ page: RequestsPage.Filter,
        before start: Int64?
    ) async throws(RequestError) -> Result {
        let filter = filter(page)
        var (result, cursor, looked) = (Result(), start, 0)
        while looked < Self.mostLookups {
            let last = cursor
            let batch = try await RequestError.read(desk.database) {
                statements throws(StorageError) in
                try RequestRecords(statements: statements)
                    .list(filter, before: last, limit: Self.limit)
            }
            for (stored, position) in batch {
                cursor = position
                guard let row = await row(of: stored, page) else { continue }
                result.rows.append(row)
                guard result.rows.count < Self.limit else {
                    result.next = position > 1 ? position : nil
                    return result
                }
            }
            looked += batch.count
            guard batch.count == Self.limit else { return result }
        }
        result.next = cursor
        return result
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
    private func row(of stored: StoredRequest, _ page: RequestsPage.Filter) async -> RequestRow? {
        let now = desk.now()
        let outlook = await RequestViews(desk: desk).view(of: stored).outlook
        let state = stored.state(by: outlook, at: now).state
        let wanted = page.view == .waiting ? .pending : page.state
        guard wanted.map({ $0 == state }) ?? true else { return nil }
        if page.view == .waiting, !waits(stored, outlook) { return nil }
        var row = RequestRow(stored.request, state: state)
        row.open = stored.openCount(at: now)
        row.needs = outlook?.hosts.map(\.missing).max() ?? 0
        return row
    }

    /// True if an approval of the person would count on one of the hosts.
    private func waits(_ stored: StoredRequest, _ outlook: RequestOutlook?) -> Bool {
        let isSigned = stored.signatures.contains {
            $0.namespace == Permission.grant.rawValue && $0.signer == person.name
        }
        guard person.may(.grant), !isSigned, stored.request.grant.requestor != person.name else {
            return false
        }
        return outlook?.hosts.contains { $0.wants(person.name) } ?? true
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

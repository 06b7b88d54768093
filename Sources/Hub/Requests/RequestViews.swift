import Grants
import HubStorage
import Requests
import StrictJSON

/// Requests as people see them.
struct RequestViews: Sendable {
    let desk: RequestDesk

    /// A part of a list.
    struct Page: Sendable {
        var documents: [JSONValue] = []
        /// The cursor of the requests that follow; `nil` if none do.
        var next: Int64?
    }

    /// The most requests that are looked at for one part of a list.
    private static let mostLookups = 2000

    /// A request with its state, its signatures and its outlook.
    func view(
        of stored: StoredRequest
    ) async -> (counted: CountedSignatures, outlook: RequestOutlook?) {
        let now = desk.now()
        let counted = desk.counted(stored, at: now)
        guard stored.state == .pending || stored.state == .published,
            now < stored.request.grant.expires
        else { return (counted, nil) }
        let grant = stored.request.grant
        let outlook = RequestOutlook(
            of: grant,
            signedBy: counted.verified,
            in: await desk.fleet(grant),
            at: now
        )
        return (counted, outlook)
    }

    func document(
        of stored: StoredRequest,
        hosts limit: Int = RequestDocument.hostLimit
    ) async -> JSONValue {
        let (counted, outlook) = await view(of: stored)
        return RequestDocument(stored, counted, outlook, at: desk.now(), hosts: limit).jsonValue
    }

    /// A part of the list of all requests, the newest first.
    ///
    /// States that only an outlook tells are looked for in so many requests at most; then the part is
    /// shorter than it could be, and its cursor continues there.
    func list(
        _ filter: RequestFilter,
        before cursor: Int64?,
        limit: Int
    ) async throws(RequestError) -> Page {
        var (page, cursor, looked) = (Page(), cursor, 0)
        while true {
            let (start, count) = (cursor, min(limit, 200))
            let batch = try await RequestError.read(desk.database) {
                statements throws(StorageError) in
                try RequestRecords(statements: statements).list(filter, before: start, limit: count)
            }
            for (stored, position) in batch {
                let document = await document(of: stored, hosts: RequestDocument.listedHostLimit)
                cursor = position
                guard filter.takes(document) else { continue }
                page.documents.append(document)
                guard page.documents.count < limit else {
                    page.next = position > 1 ? position : nil
                    return page
                }
            }
            looked += batch.count
            guard batch.count == count else { return page }
            guard looked < Self.mostLookups else {
                page.next = cursor
                return page
            }
        }
    }
}

extension RequestFilter {
    /// Returns whether a request has the state that is wanted.
    fileprivate func takes(_ document: JSONValue) -> Bool {
        state.map { document["state"]?.text == $0.rawValue } ?? true
    }
}

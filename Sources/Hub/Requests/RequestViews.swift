import Grants
import HubStorage
import Requests
import StrictJSON

/// Requests as people see them.
struct RequestViews: Sendable {
    let desk: RequestDesk

    /// A part of a list.
    struct Part<Item: Sendable>: Sendable {
        var items: [Item] = []
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

    /// A part of the list of all requests, the newest first, as documents.
    func list(
        _ filter: RequestFilter,
        before cursor: Int64?,
        limit: Int
    ) async throws(RequestError) -> Part<JSONValue> {
        try await part(of: filter, before: cursor, limit: limit) { stored in
            let document = await document(of: stored, hosts: RequestDocument.listedHostLimit)
            // Not `nil`, which could be JSON's null.
            return filter.takes(document) ? .some(document) : .none
        }
    }

    /// A part of the list of all requests, the newest first, without those of which `make` makes nothing.
    ///
    /// States that only an outlook tells are looked for in so many requests at most; then the part is
    /// shorter than it could be, and its cursor continues there.
    func part<Item: Sendable>(
        of filter: RequestFilter,
        before cursor: Int64?,
        limit: Int,
        _ make: (StoredRequest) async -> Item?
    ) async throws(RequestError) -> Part<Item> {
        var (part, cursor, looked) = (Part<Item>(), cursor, 0)
        while true {
            let batch = try await batch(of: filter, before: cursor, limit: min(limit, 200))
            for (stored, position) in batch {
                cursor = position
                guard let item = await make(stored) else { continue }
                part.items.append(item)
                guard part.items.count < limit else {
                    part.next = position > 1 ? position : nil
                    return part
                }
            }
            looked += batch.count
            guard batch.count == min(limit, 200) else { return part }
            guard looked < Self.mostLookups else {
                part.next = cursor
                return part
            }
        }
    }

    private func batch(
        of filter: RequestFilter,
        before cursor: Int64?,
        limit: Int
    ) async throws(RequestError) -> [RequestDetails.Placed] {
        try await RequestError.read(desk.database) { statements throws(StorageError) in
            try RequestRecords(statements: statements).list(filter, before: cursor, limit: limit)
        }
    }
}

extension RequestFilter {
    /// Returns whether a request has the state that is wanted.
    fileprivate func takes(_ document: JSONValue) -> Bool {
        state.map { document["state"]?.text == $0.rawValue } ?? true
    }
}

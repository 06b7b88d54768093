import Depot
import Grants
import HubPages
import HubSettings
import HubStorage
import Hummingbird
import Posture
import Requests

/// The pages of requests.
struct RequestPageRoutes: HubRoutes {
    let desk: PageDesk

    private var requests: RequestDesk { desk.parts.requests }

    func add(to router: Router<HubContext>) {
        router.get("/") { request, context in
            await desk.page(context) { person in try await list(PageQuery(request), person) }
        }
        router.get("/requests/:id") { _, context in
            await desk.page(context) { person in try await one(context.requestID(), person) }
        }
        router.post("/requests/:id/withdraw") { request, context in
            await desk.form(request, context) { form, person in
                let id = try context.requestID()
                let reason = form["reason"] ?? ""
                _ = try await HubError.answering { () async throws(RequestError) in
                    try await requests.withdraw(
                        id,
                        reason: reason,
                        by: person.name,
                        key: person.key
                    )
                }
                return .request(id.description)
            }
        }
    }

    private func list(_ query: PageQuery, _ person: Person) async throws -> RequestsPage {
        var filter = RequestsPage.Filter()
        let usual: RequestsPage.View = person.may(.grant) ? .waiting : .mine
        filter.view = RequestsPage.View(rawValue: query["view"]) ?? usual
        filter.state = AccessRequest.State(rawValue: query["state"])
        (filter.requestor, filter.host) = (query["requestor"], query["host"])
        filter.ticket = query["ticket"]
        let lister = RequestLister(desk: requests, person: person)
        let cursor = query.cursor
        let part = try await HubError.answering { () async throws(RequestError) in
            try await lister.rows(filter, before: cursor)
        }
        let isAll = query.cursor == nil && part.next == nil
        return RequestsPage(
            filter,
            rows: part.items,
            waiting: filter.view == .waiting && isAll ? part.items.count : nil,
            paging: Paging(isFirst: query.cursor == nil, next: part.next.map { String($0) })
        )
    }

    private func one(_ id: GrantID, _ person: Person) async throws -> RequestPage {
        let stored = try await HubError.answering { () async throws(RequestError) in
            try await requests.find(id)
        }
        let outlook = await RequestViews(desk: requests).view(of: stored).outlook
        let (state, since) = stored.state(by: outlook, at: requests.now())
        var page = RequestPage(stored.request, state: state, since: since)
        page.signatures = stored.signatures
        page.decision = stored.decision.map { decision in
            RequestPage.Decision(
                decision: decision.decision.rawValue,
                by: decision.by,
                reason: decision.reason,
                isSigned: decision.file != nil,
                at: decision.at
            )
        }
        page.hosts = stored.hosts(by: outlook)
        page.history = try await History(parts: desk.parts, person: person)
            .rows(ActivityQuery(request: id.description))
        page.approvalURL = desk.parts.configuration.places.approveURL
        page.isMine = stored.concerns(person)
        return page
    }
}

extension StoredRequest {
    /// True if the person asked it, is to come in by it, or has signed it.
    fileprivate func concerns(_ person: Person) -> Bool {
        request.askedBy == person.name || request.grant.requestor == person.name
            || signatures.contains { $0.key == person.key || $0.signer == person.name }
    }

    /// The hosts with what became of the request on them; of one that is over, those that opened it.
    fileprivate func hosts(by outlook: RequestOutlook?) -> [RequestPage.Host] {
        let opened = Dictionary(openings.map { ($0.host, $0) }) { first, _ in first }
        let outlooks =
            outlook?.hosts
            ?? openings.map {
                HostOutlook(host: $0.host, verdict: .opens, ports: request.grant.ports)
            }
        let shelves = Set(publications.map(\.shelf.description))
        return outlooks.map { host in
            let opening = opened[host.host]
            return RequestPage.Host(
                host,
                state: host.state?.rawValue ?? "",
                isPublished: shelves.contains(host.host.description) || shelves.contains("all"),
                openSince: opening?.opened,
                deadline: opening.map { $0.closed ?? $0.deadline }
            )
        }
    }
}

import Grants
import HubPages
import HubStorage
import Hummingbird

/// The pages of the log and of people.
struct ActivityPageRoutes: HubRoutes {
    let desk: PageDesk

    func add(to router: Router<HubContext>) {
        router.get("/activity") { request, context in
            await desk.page(context) { person in try await activity(PageQuery(request), person) }
        }
        router.get("/people") { request, context in
            await desk.page(context) { _ in try await people(PageQuery(request)) }
        }
    }

    private func activity(_ query: PageQuery, _ person: Person) async throws -> ActivityPage {
        var filter = ActivityPage.Filter()
        (filter.event, filter.request, filter.host) = (
            query["event"], query["request"], query["host"]
        )
        (filter.actor, filter.since, filter.until) = (
            query["actor"], query["since"], query["until"]
        )
        let history = History(parts: desk.parts, person: person)
        let rows = try await history.rows(
            ActivityQuery(
                event: query.ifAny("event"),
                request: query.ifAny("request"),
                host: query.ifAny("host"),
                actor: query.ifAny("actor"),
                since: try query.moment("since"),
                until: try query.moment("until"),
                before: query.cursor
            )
        )
        let next = rows.count < History.limit ? nil : rows.last.map { String($0.position) }
        var page = ActivityPage(
            filter,
            rows: rows,
            events: ActivityEvent.allCases.map(\.rawValue),
            paging: Paging(isFirst: query.cursor == nil, next: next)
        )
        if person.may(.audit) {
            let letters = try await DeadLetters(parts: desk.parts).list(before: nil, limit: 50)
            page.deadLetters = letters.map(\.view)
        }
        return page
    }

    private func people(_ query: PageQuery) async throws -> PeoplePage {
        let people = try await PeopleRoutes(parts: desk.parts).people()
        let start = Int(clamping: query.cursor ?? 0)
        let page = people.dropFirst(start).prefix(History.limit)
        let end = start + page.count
        let next = end < people.count ? String(end) : nil
        return PeoplePage(
            rows: page.map(\.view),
            paging: Paging(isFirst: start == 0, next: next)
        )
    }
}

extension PersonRow {
    /// The person as pages show them.
    fileprivate var view: PeoplePage.Row {
        PeoplePage.Row(
            name: name,
            may: Permission.allCases.filter(permissions.contains).map(\.rawValue),
            keys: keys.sorted(),
            lastLogin: lastLogin,
            requests: requests,
            approvals: approvals
        )
    }
}

/// The entries of the log that a person may see.
struct History: Sendable {
    static let limit = 100

    let parts: HubParts
    let person: Person

    func rows(_ query: ActivityQuery) async throws(StorageError) -> [ActivityRow] {
        var query = query
        query.concerning = person.may(.audit) ? nil : person.name
        query.limit = Self.limit
        let wanted = query
        let entries = try await parts.database.read { statements throws(StorageError) in
            try wanted.entries(in: statements)
        }
        return entries.map { entry in
            ActivityRow(
                position: entry.position,
                time: entry.time,
                event: entry.event,
                request: entry.request,
                host: entry.host,
                actor: entry.actor,
                text: entry.text
            )
        }
    }
}

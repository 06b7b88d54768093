import Attestation
import Conditions
import Depot
import Grants
import HubPages
import Hummingbird
import Posture

/// The pages of hosts.
struct HostPageRoutes: HubRoutes {
    let desk: PageDesk

    func add(to router: Router<HubContext>) {
        router.get("/hosts") { request, context in
            await desk.page(context) { _ in await list(try PageQuery(request)) }
        }
        router.get("/hosts/:host") { _, context in
            await desk.page(context) { person in try await one(context.part("host"), person) }
        }
    }

    private func list(_ query: PageQuery) async -> HostsPage {
        var filter = HostsPage.Filter()
        filter.state = HostPosture.State(rawValue: query["state"])
        (filter.group, filter.condition) = (query["group"], query["condition"])
        filter.query = query["q"]
        filter.limit = min(max(Int(query["limit"]) ?? 100, 1), 1000)
        let all = await desk.parts.depot.fleet.rows()
        let others = HostFilter(
            group: query.ifAny("group"),
            condition: query.ifAny("condition"),
            name: query.ifAny("q")?.lowercased()
        )
        let matching = all.filter { others.takes($0.posture) }
        let counts = Dictionary(grouping: matching, by: \.posture.state).mapValues(\.count)
        let chosen = matching.filter { row in
            filter.state.map { $0 == row.posture.state } ?? true
        }
        let start = Int(clamping: query.cursor ?? 0)
        let rows = chosen.dropFirst(start).prefix(filter.limit)
        let end = start + rows.count
        return HostsPage(
            filter,
            rows: rows.map(\.view),
            counts: HostPosture.State.allCases.compactMap { state in
                counts[state].map { (state, $0) }
            },
            groups: Set(all.map(\.posture.group)).subtracting([""]).sorted(),
            paging: Paging(isFirst: start == 0, next: end < chosen.count ? String(end) : nil)
        )
    }

    private func one(_ name: String, _ person: Person) async throws -> HostPage {
        guard let host = ShelfName(name), let row = await desk.parts.depot.fleet.row(host) else {
            throw HubError(.notFound, "there is no such host", "/hosts has all hosts")
        }
        var page = HostPage(row.view)
        if let status = row.posture.status {
            page.ports = status.ports.map(\.view)
            page.labels = status.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            page.kernel = status.host.kernel
        }
        page.history = try await History(parts: desk.parts, person: person)
            .rows(ActivityQuery(host: name))
        return page
    }
}

extension HostRow {
    /// The host as pages show it.
    fileprivate var view: HubPages.HostRow {
        let host = posture.host.description
        var view = HubPages.HostRow(host: host, group: posture.group, state: posture.state)
        view.reason = posture.reason
        view.requests7d = Int64(uses)
        (view.lastUser, view.lastUse) = (lastUser, lastUse)
        view.checkpoint = posture.size.map { .init(size: $0, verified: checked) }
        view.age = posture.age
        guard let status = posture.status else { return view }
        view.open = status.grants.open.map(\.view)
        view.openCount = status.openCount
        view.conditions = status.conditions
        (view.tableOwnership, view.version) = (status.host.tableOwnership, status.host.version)
        view.trusted = status.trusted.map(\.description)
        return view
    }
}

extension HostStatus.OpenGrant {
    fileprivate var view: OpenAccess {
        OpenAccess(
            id: id.description,
            requestor: requestor,
            signers: signers,
            sources: sources.map(\.description),
            ports: ports.map(\.description),
            opened: opened,
            deadline: deadline,
            ticket: ticket
        )
    }
}

extension HostStatus.PortReport {
    fileprivate var view: HostPage.Port {
        HostPage.Port(
            port: port.description,
            maxDuration: maxDuration,
            allowedSources: allowedSources.map(\.description),
            widestIPv4: widestIPv4,
            widestIPv6: widestIPv6,
            approvals: Int64(approvals),
            approvalsFrom: approvalsFrom,
            wantsRequestorSignature: separateRequestor,
            wantsReason: requireJustification,
            tickets: requireTicket
        )
    }
}

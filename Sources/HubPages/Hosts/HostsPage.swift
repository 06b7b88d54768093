import Conditions
package import HTMLWriter
package import Posture

/// The list of hosts.
package struct HostsPage: HubPage, Sendable {
    /// The choice of rows, as the query has it.
    package struct Filter: Hashable, Sendable {
        package var state: HostPosture.State?
        package var group = ""
        package var condition = ""
        package var query = ""
        /// The number of rows a page.
        package var limit = 100

        package init() {}

        fileprivate func link(_ base: PageLink) -> PageLink {
            base.with("state", state?.rawValue).with("group", group).with("condition", condition)
                .with("q", query)
        }

        fileprivate var link: PageLink {
            link(PageLink("hosts")).with("limit", limit == 100 ? nil : String(limit))
        }
    }

    package var filter: Filter
    package var rows: [HostRow]
    /// The number of hosts in each state that occurs, of all that the other filters leave.
    package var counts: [(state: HostPosture.State, count: Int)]
    /// The groups that there are.
    package var groups: [String]
    package var paging: Paging

    package init(
        _ filter: Filter,
        rows: [HostRow],
        counts: [(state: HostPosture.State, count: Int)],
        groups: [String],
        paging: Paging = Paging()
    ) {
        (self.filter, self.rows, self.counts) = (filter, rows, counts)
        (self.groups, self.paging) = (groups, paging)
    }

    package var title: String { "Hosts" }
    package var place: PagePlace? { .hosts }
    package var subject: LiveSubject? { .everything }

    package func write(to main: inout Markup, in frame: PageFrame) {
        states(&main)
        filters(&main)
        if rows.isEmpty {
            main.element("p", ["class": "empty"], "No host is like this.")
        } else {
            table(&main, frame)
        }
        main.paging(filter.link, paging)
        main.exports(filter.link(PageLink("v1", "hosts")))
    }

    private func states(_ main: inout Markup) {
        var any = filter
        any.state = nil
        let all = counts.reduce(0) { $0 + $1.count }
        main.element("nav", ["class": "tabs", "aria-label": "States of hosts"]) { nav in
            nav.tab(any.link, "all", all, isCurrent: filter.state == nil)
            for (state, count) in counts {
                var one = filter
                one.state = state
                nav.tab(one.link, state.words, count, isCurrent: filter.state == state)
            }
        }
    }

    private func filters(_ main: inout Markup) {
        main.query(PageLink("hosts"), class: "filters", label: "Filter of hosts") { form in
            if let state = filter.state { form.hidden("state", state.rawValue) }
            form.field(FormField(name: "q", label: "Name", value: filter.query, kind: "search"))
            group(&form)
            form.field(FormField(name: "condition", label: "Condition", value: filter.condition))
            form.choice("limit", "Rows", String(filter.limit), of: Self.limits)
            form.button("Filter", isMain: false)
        }
    }

    /// A choice, or a text where a choice would be longer than the page.
    private func group(_ form: inout Markup) {
        guard groups.count <= Self.mostGroups else {
            return form.field(FormField(name: "group", label: "Group", value: filter.group))
        }
        let choices = [("", "any")] + groups.map { ($0, $0) }
        form.choice("group", "Group", filter.group, of: choices)
    }

    private static let mostGroups = 200
    private static let limits = [50, 100, 250, 1000].map { (String($0), String($0)) }

    private func table(_ main: inout Markup, _ frame: PageFrame) {
        let head = [
            "Host", "State", "Open now", "Requests, 7 days", "Last use", "Conditions",
            "Heard, log", "Version", "Trusted networks",
        ]
        main.table("Hosts by name", head: head, rows: rows) { row, host in
            row.attributes = ["id": "h-\(host.host)"]
            row.cell { host.name(in: &$0) }
            row.cell { host.state(in: &$0) }
            row.cell { host.openings(in: &$0, frame) }
            row.number(host.requests7d)
            row.cell { host.use(in: &$0) }
            row.cell { host.conditions(in: &$0) }
            row.cell { host.log(in: &$0) }
            row.cell { host.version(in: &$0) }
            row.cell { host.networks(in: &$0) }
        }
    }
}

extension Markup {
    fileprivate mutating func tab(
        _ link: PageLink,
        _ words: String,
        _ count: Int,
        isCurrent: Bool
    ) {
        var attributes: Attributes = ["href": link.text]
        if isCurrent { attributes.add("aria-current", "true") }
        element("a", attributes, "\(words) (\(count))")
    }
}

/// The cells of the list.
extension HostRow {
    fileprivate func name(in cell: inout Markup) {
        cell.link(.host(host), host)
        if !group.isEmpty { cell.element("small", group) }
    }

    func state(in cell: inout Markup) {
        cell.pill(state.kind, state.words)
        if let reason { cell.element("small", reason) }
    }

    fileprivate func openings(in cell: inout Markup, _ frame: PageFrame) {
        guard openCount > 0 || !open.isEmpty else { return cell.dash() }
        for access in open.prefix(2) {
            cell.element("div") { line in
                line.link(.request(access.id), access.requestor)
                line.element("small") { small in
                    small.text("from ")
                    small.short(access.sources, most: 1)
                }
                line.element("small", "\(access.left(at: frame.now)) left")
            }
        }
        let more = max(openCount, open.count) - min(open.count, 2)
        if more > 0 { cell.element("small", "\(more) more") }
    }

    fileprivate func use(in cell: inout Markup) {
        guard lastUse != nil || lastUser != nil else { return cell.dash() }
        if let user = lastUser { cell.text(user) }
        if let time = lastUse { cell.element("small") { $0.moment(time) } }
    }

    fileprivate func conditions(in cell: inout Markup) {
        guard let first = conditions.first else { return cell.dash() }
        cell.pill(first.severity.kind, first.code)
        if conditions.count > 1 { cell.element("small", "\(conditions.count - 1) more") }
    }

    fileprivate func log(in cell: inout Markup) {
        if let age { cell.unbroken("\(age.shown) ago") } else { cell.dash() }
        guard let checkpoint else { return }
        let size = checkpoint.size
        cell.element("small", "\(size) \(size == 1 ? "record" : "records")")
        guard let time = checkpoint.verified else { return }
        cell.element("small") { small in
            small.text("verified ")
            small.moment(time)
        }
    }

    fileprivate func version(in cell: inout Markup) {
        cell.optional(version)
        if let ownership = tableOwnership { cell.element("small", ownership) }
    }

    fileprivate func networks(in cell: inout Markup) {
        if trusted.isEmpty { cell.dash() } else { cell.short(trusted, most: 2) }
    }
}

package import HTMLWriter
package import Requests

/// The list of requests.
package struct RequestsPage: HubPage, Sendable {
    package enum View: String, Hashable, Sendable, CaseIterable {
        /// Pending, and the visitor may approve them.
        case waiting
        /// Of the visitor.
        case mine
        case all
    }

    /// The choice of rows, as the query has it.
    package struct Filter: Hashable, Sendable {
        package var view = View.all
        package var state: AccessRequest.State?
        package var requestor = ""
        package var host = ""
        package var ticket = ""

        package init() {}

        var isEmpty: Bool {
            state == nil && requestor.isEmpty && host.isEmpty && ticket.isEmpty
        }

        /// The link to a page of the same choice, below a path.
        fileprivate func link(_ base: PageLink) -> PageLink {
            base.with("state", state?.rawValue).with("requestor", requestor).with("host", host)
                .with("ticket", ticket)
        }
    }

    package var filter: Filter
    package var rows: [RequestRow]
    /// The number of requests that wait for the visitor; `nil` if nobody has counted them.
    package var waiting: Int?
    package var paging: Paging

    package init(
        _ filter: Filter,
        rows: [RequestRow],
        waiting: Int? = nil,
        paging: Paging = Paging()
    ) {
        (self.filter, self.rows) = (filter, rows)
        (self.waiting, self.paging) = (waiting, paging)
    }

    package var title: String { "Requests" }
    package var place: PagePlace? { .requests }
    package var subject: LiveSubject? { .everything }

    package func write(to main: inout Markup, in frame: PageFrame) {
        views(&main)
        filters(&main)
        if rows.isEmpty { nothing(&main, frame) } else { table(&main) }
        main.paging(filter.link(PageLink("").with("view", filter.view.rawValue)), paging)
        main.exports(export)
    }

    /// The call of /v1 with the same rows, apart from those that wait for somebody.
    private var export: PageLink {
        let base = PageLink("v1", "requests")
        switch filter.view {
        case .mine: return filter.link(base.with("mine", "true"))
        case .waiting: return base.with("state", AccessRequest.State.pending.rawValue)
        case .all: return filter.link(base)
        }
    }

    private func views(_ main: inout Markup) {
        main.element("nav", ["class": "tabs", "aria-label": "Choice of requests"]) { nav in
            for view in View.allCases {
                var attributes: Markup.Attributes = [
                    "href": PageLink("").with("view", view.rawValue).text
                ]
                if view == filter.view { attributes.add("aria-current", "true") }
                nav.element("a", attributes, words(view))
            }
        }
    }

    private func words(_ view: View) -> String {
        switch view {
        case .waiting: "Waiting for me to approve" + (waiting.map { " (\($0))" } ?? "")
        case .mine: "Mine"
        case .all: "All"
        }
    }

    private func filters(_ main: inout Markup) {
        let states = AccessRequest.State.allCases.map { ($0.rawValue, $0.rawValue) }
        main.query(PageLink(""), class: "filters", label: "Filter of requests") { form in
            form.hidden("view", filter.view.rawValue)
            form.choice("state", "State", filter.state?.rawValue ?? "", of: [("", "any")] + states)
            form.field(FormField(name: "requestor", label: "For", value: filter.requestor))
            form.field(FormField(name: "host", label: "Host", value: filter.host))
            form.field(FormField(name: "ticket", label: "Ticket", value: filter.ticket))
            form.button("Filter", isMain: false)
        }
    }

    private func nothing(_ main: inout Markup, _ frame: PageFrame) {
        main.element("p", ["class": "empty"]) { line in
            switch filter.view {
            case _ where !filter.isEmpty: line.text("No request is like this.")
            case .waiting: line.text("No request waits for you.")
            case .mine, .all: line.text("There is no request yet.")
            }
            guard frame.visitor?.mayAsk ?? false else { return }
            line.text(" ")
            line.link(PageLink("request"), "Ask for access")
        }
    }

    private func table(_ main: inout Markup) {
        let head = ["For", "State", "Hosts", "Ports", "From", "How long", "Reason", "Asked"]
        main.table("Requests, the newest first", head: head, rows: rows) { row, request in
            row.attributes = ["id": "r-\(request.id)"]
            row.cell { $0.link(.request(request.id), request.requestor) }
            row.cell { request.state(in: &$0) }
            row.cell { $0.short(request.hosts) }
            row.cell { $0.short(request.ports) }
            row.cell { $0.short(request.sources) }
            row.cell { request.extent(in: &$0) }
            row.cell { request.cause(in: &$0) }
            row.cell { request.origin(in: &$0) }
        }
    }
}

/// The cells of the list.
extension RequestRow {
    fileprivate func state(in cell: inout Markup) {
        cell.pill(state.kind, state.rawValue)
        if let note = stateNote { cell.element("small", note) }
    }

    fileprivate func extent(in cell: inout Markup) {
        if let duration = duration { cell.unbroken(duration) }
        if let start = notBefore {
            cell.element("small") { small in
                small.text("from ")
                small.moment(start)
            }
        }
        cell.element("small") { small in
            small.text("until ")
            small.moment(expires)
        }
    }

    fileprivate func cause(in cell: inout Markup) {
        cell.optional(reason)
        if let ticket = ticket { cell.element("small", ticket) }
    }

    fileprivate func origin(in cell: inout Markup) {
        cell.moment(origin.time)
        let isOther = origin.askedBy != requestor
        if isOther { cell.element("small", "by \(origin.askedBy)") }
        if !origin.isSigned { cell.element("small", ["class": "warn"], "unsigned") }
    }
}

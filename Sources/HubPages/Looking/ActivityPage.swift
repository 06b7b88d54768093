package import Grants
package import HTMLWriter

/// An entry of the hub's log.
package struct ActivityRow: Hashable, Sendable {
    package var position: Int64
    package var time: Moment
    package var event: String
    package var request: String?
    package var host: String?
    package var actor: String?
    package var text: String

    package init(
        position: Int64,
        time: Moment,
        event: String,
        request: String? = nil,
        host: String? = nil,
        actor: String? = nil,
        text: String
    ) {
        (self.position, self.time, self.event) = (position, time, event)
        (self.request, self.host, self.actor, self.text) = (request, host, actor, text)
    }
}

/// The hub's log.
package struct ActivityPage: HubPage, Sendable {
    /// The choice of rows, as the query has it.
    package struct Filter: Hashable, Sendable {
        package var event = ""
        package var request = ""
        package var host = ""
        package var actor = ""
        package var since = ""
        package var until = ""

        package init() {}

        fileprivate func link(_ base: PageLink) -> PageLink {
            base.with("event", event).with("request", request).with("host", host)
                .with("actor", actor).with("since", since).with("until", until)
        }
    }

    /// A message to a webhook that was given up.
    package struct DeadLetter: Hashable, Sendable {
        package var id: String
        package var webhook: String
        package var type: String
        package var attempts: Int64
        package var error: String
        package var created: Moment

        package init(
            id: String,
            webhook: String,
            type: String,
            attempts: Int64,
            error: String,
            created: Moment
        ) {
            (self.id, self.webhook, self.type) = (id, webhook, type)
            (self.attempts, self.error, self.created) = (attempts, error, created)
        }
    }

    package var filter: Filter
    package var rows: [ActivityRow]
    /// The events that occur, for the choice of one.
    package var events: [String]
    package var paging: Paging
    package var deadLetters: [DeadLetter] = []
    /// The reason why the filter cannot be; `nil` if it can.
    package var problem: String?

    package init(
        _ filter: Filter,
        rows: [ActivityRow],
        events: [String],
        paging: Paging = Paging()
    ) {
        (self.filter, self.rows, self.events, self.paging) = (filter, rows, events, paging)
    }

    package var title: String { "Activity" }
    package var place: PagePlace? { .activity }
    package var subject: LiveSubject? { .everything }

    package func write(to main: inout Markup, in frame: PageFrame) {
        if let problem { main.note("bad") { $0.paragraph(problem) } }
        filters(&main)
        main.history(rows)
        main.paging(filter.link(PageLink("activity")), paging)
        main.exports(filter.link(PageLink("v1", "activity")))
        if !deadLetters.isEmpty {
            main.section("dead", "Webhooks that failed") { letters(&$0, in: frame) }
        }
    }

    private func filters(_ main: inout Markup) {
        let events = [("", "any")] + events.map { ($0, $0) }
        main.query(PageLink("activity"), class: "filters", label: "Filter of activity") { form in
            form.choice("event", "Event", filter.event, of: events)
            form.field(FormField(name: "actor", label: "Person", value: filter.actor))
            form.field(FormField(name: "host", label: "Host", value: filter.host))
            form.field(FormField(name: "request", label: "Request", value: filter.request))
            form.field(day("since", "Since", filter.since))
            form.field(day("until", "Until", filter.until))
            form.button("Filter", isMain: false)
        }
    }

    private func day(_ name: StaticString, _ label: String, _ value: String) -> FormField {
        FormField(name: name, label: label, value: value, kind: "datetime-local")
    }

    private func letters(_ section: inout Markup, in frame: PageFrame) {
        let head = ["Webhook", "Event", "Attempts", "Last error", "Since", "What to do"]
        section.table("Messages that were given up", head: head, rows: deadLetters) {
            row,
            letter in
            row.attributes = ["id": "d-\(letter.id)"]
            row.cell(letter.webhook)
            row.cell(letter.type)
            row.number(letter.attempts)
            row.cell(letter.error)
            row.moment(letter.created)
            row.cell { cell in
                cell.answer(to: letter, "send", "Send again", in: frame)
                cell.answer(to: letter, "discard", "Discard", in: frame)
            }
        }
    }
}

extension Markup {
    /// Appends the button that does something with a message that was given up.
    fileprivate mutating func answer(
        to letter: ActivityPage.DeadLetter,
        _ action: String,
        _ words: String,
        in frame: PageFrame
    ) {
        form(to: PageLink("activity", "dead-letters", letter.id), of: frame) { form in
            form.hidden("action", action)
            form.button(words, isMain: false)
        }
    }
}

/// A column of the log that a page about one thing leaves out.
enum HistoryColumn {
    case request, host
}

extension Markup {
    mutating func history(_ rows: [ActivityRow], without column: HistoryColumn? = nil) {
        guard !rows.isEmpty else {
            return element("p", ["class": "empty"], "Nothing has happened here.")
        }
        var head = ["Time", "Event", "Person"]
        if column != .host { head.append("Host") }
        if column != .request { head.append("Request") }
        table("Activity, the newest first", head: head + ["What happened"], rows: rows) {
            cells,
            row in
            cells.attributes = ["id": "a-\(row.position)"]
            cells.moment(row.time)
            cells.cell(row.event)
            cells.cell { $0.optional(row.actor) }
            if column != .host { cells.cell { $0.host(row.host) } }
            if column != .request { cells.cell { $0.request(row.request) } }
            cells.cell(row.text)
        }
    }

    private mutating func host(_ name: String?) {
        if let name { link(.host(name), name) } else { dash() }
    }

    private mutating func request(_ id: String?) {
        guard let id else { return dash() }
        element("code") { $0.link(.request(id), String(id.prefix(8))) }
    }
}

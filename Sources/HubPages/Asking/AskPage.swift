package import HTMLWriter

/// The form to ask for access, with what would come of it.
package struct AskPage: HubPage, Sendable {
    package var fields: AskFields
    /// The address from which the visitor comes, with its length: `203.0.113.7/32`.
    package var address: String?
    /// True if that address is private, and so perhaps not the one that the hosts see.
    package var isPrivate = false
    package var problems: [AskProblem] = []
    /// The ports that hosts protect, for suggestions.
    package var ports: [String] = []
    /// The result of the form; `nil` before it was sent, or with problems.
    package var preview: AskPreview?

    package init(_ fields: AskFields) {
        self.fields = fields
    }

    package var title: String { "Ask for access" }
    package var place: PagePlace? { .ask }

    package func write(to main: inout Markup, in frame: PageFrame) {
        if !problems.isEmpty {
            main.note("bad") { $0.paragraph("Something is missing or cannot be: see below.") }
        }
        if let preview {
            main.section("preview", "This would happen") { preview.write(&$0, frame) }
        }
        main.query(PageLink("request"), class: "ask", label: "Request") { form in
            for field in formFields { form.field(field) }
            form.hidden("preview", "yes")
            form.button(preview == nil ? "Show what would happen" : "Show it again")
        }
        main.element("p", ["class": "help"]) { line in
            line.text(
                "Nothing is sent by this. The page's address keeps the fields: as a bookmark "
            )
            line.text("it is a template. ")
            if fields != AskFields() { line.link(fields.link, "This form, to keep") }
        }
    }

    private var formFields: [FormField] {
        [
            field(
                .hosts,
                "Hosts",
                "Names, globs or labels: web-1 db-* label:env=prod,role=db",
                isRequired: true
            ),
            field(.ports, "Ports", "Such as 22/tcp", isRequired: true, suggestions: ports),
            field(.sources, "From", sourceHelp, isRequired: true),
            field(
                .duration,
                "For how long",
                "From the first opening, such as 2h or 90m",
                isRequired: true
            ),
            field(.start, "Not before", "In UTC; at once if empty", kind: "datetime-local"),
            field(.ticket, "Ticket", "The change or incident, where a host asks for one"),
            field(
                .reason,
                "Reason",
                "For those who approve, and for the record",
                isRequired: true
            ),
        ]
    }

    private var sourceHelp: String {
        guard let address else { return "Addresses or networks, such as 203.0.113.7 2001:db8::/56" }
        guard isPrivate else { return "You come from \(address), as the hub sees it." }
        return
            "You come from \(address), which is a private address. Is it also the one from which "
            + "the hosts see you? If not, write the public one."
    }

    private func field(
        _ name: AskFields.Name,
        _ label: String,
        _ help: String,
        kind: String = "text",
        isRequired: Bool = false,
        suggestions: [String] = []
    ) -> FormField {
        FormField(
            name: name.attribute,
            label: label,
            value: fields[name],
            help: help,
            problem: problems.filter { $0.field == name }.map(\.message).joined(separator: "; "),
            kind: kind,
            isRequired: isRequired,
            suggestions: suggestions
        )
    }
}

extension AskFields.Name {
    /// The name as source text, of which attributes are made.
    fileprivate var attribute: StaticString {
        switch self {
        case .hosts: "hosts"
        case .ports: "ports"
        case .sources: "sources"
        case .duration: "for"
        case .start: "start"
        case .ticket: "ticket"
        case .reason: "reason"
        }
    }
}

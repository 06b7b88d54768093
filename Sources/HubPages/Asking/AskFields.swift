/// The fields of the form to ask, as somebody typed them; the query of the page keeps them.
package struct AskFields: Hashable, Sendable {
    package enum Name: String, Hashable, Sendable, CaseIterable {
        case hosts, ports, sources, duration = "for", start, ticket, reason
    }

    private var values: [Name: String] = [:]

    package init() {}

    package subscript(name: Name) -> String {
        get { values[name] ?? "" }
        set { values[name] = newValue }
    }

    /// The words of a field, between blanks and commas; a comma within `label:a=b,c=d` is none.
    package func words(_ name: Name) -> [String] {
        var words: [String] = []
        for word in self[name].split(whereSeparator: { $0 == " " || $0 == "\t" }) {
            if word.hasPrefix("label:") {
                words.append(String(word))
            } else {
                words += word.split(separator: ",").map(String.init)
            }
        }
        return words
    }

    /// The page with these fields.
    package var link: PageLink {
        Name.allCases.reduce(PageLink("request")) { $0.with($1.rawValue, self[$1]) }
    }
}

/// The reason why a field of the form is not accepted.
package struct AskProblem: Hashable, Sendable {
    package let field: AskFields.Name
    package let message: String

    package init(_ field: AskFields.Name, _ message: String) {
        (self.field, self.message) = (field, message)
    }
}

import HTMLWriter

/// One field of a form with its label.
struct FormField {
    let name: StaticString
    let label: String
    var value = ""
    /// An advice below the field; none if it is empty.
    var help = ""
    /// The reason why the value is not accepted; none if it is empty.
    var problem = ""
    var kind = "text"
    var isRequired = false
    /// Values that are offered while somebody types.
    var suggestions: [String] = []
}

/// The parts of forms. Each field has a label, and each form that changes something has the token.
extension Markup {
    /// Appends the token by which the hub knows that a form is its own.
    mutating func token(of frame: PageFrame) {
        guard let visitor = frame.visitor else { return }
        hidden("form_token", visitor.formToken)
    }

    mutating func hidden(_ name: StaticString, _ value: String) {
        empty("input", ["type": "hidden", "name": "\(name)", "value": value])
    }

    /// Appends a form that changes something.
    mutating func form(
        to link: PageLink,
        of frame: PageFrame,
        _ content: (inout Markup) -> Void
    ) {
        element("form", ["method": "post", "action": link.text]) { form in
            form.token(of: frame)
            content(&form)
        }
    }

    /// Appends a form that only asks for another page.
    mutating func query(
        _ link: PageLink,
        class name: String,
        label: String,
        _ content: (inout Markup) -> Void
    ) {
        let attributes: Attributes = [
            "method": "get", "action": link.text, "class": name, "aria-label": label,
        ]
        element("form", attributes, content)
    }

    mutating func field(_ field: FormField) {
        let id = "f-\(field.name)"
        element("div", ["class": "field"]) { frame in
            frame.element("label", ["for": id], field.label)
            frame.empty("input", field.attributes(id))
            if !field.suggestions.isEmpty { frame.suggestions(field.suggestions, id: "\(id)-list") }
            if !field.problem.isEmpty {
                frame.element("p", ["id": "\(id)-problem", "class": "problem"], field.problem)
            }
            if !field.help.isEmpty {
                frame.element("p", ["id": "\(id)-help", "class": "help"], field.help)
            }
        }
    }

    /// Appends a choice of one value, with the words for each.
    mutating func choice(
        _ name: StaticString,
        _ label: String,
        _ chosen: String,
        of options: [(value: String, words: String)]
    ) {
        let id = "f-\(name)"
        element("div", ["class": "field"]) { frame in
            frame.element("label", ["for": id], label)
            frame.element("select", ["id": id, "name": "\(name)"]) { select in
                for (value, words) in options {
                    var attributes: Attributes = ["value": value]
                    attributes.add("selected", if: value == chosen)
                    select.element("option", attributes, words)
                }
            }
        }
    }

    mutating func button(_ words: String, isMain: Bool = true) {
        element("button", ["type": "submit", "class": isMain ? "main" : "plain"], words)
    }

    private mutating func suggestions(_ values: [String], id: String) {
        element("datalist", ["id": id]) { list in
            for value in values { list.empty("option", ["value": value]) }
        }
    }
}

extension FormField {
    fileprivate func attributes(_ id: String) -> Markup.Attributes {
        var attributes: Markup.Attributes = [
            "id": id, "name": "\(name)", "type": kind, "value": value, "autocomplete": "off",
            "spellcheck": "false",
        ]
        attributes.add("required", if: isRequired)
        if !suggestions.isEmpty { attributes.add("list", "\(id)-list") }
        let notes = [problem.isEmpty ? "" : "\(id)-problem", help.isEmpty ? "" : "\(id)-help"]
            .filter { !$0.isEmpty }
        if !notes.isEmpty { attributes.add("aria-describedby", notes.joined(separator: " ")) }
        if !problem.isEmpty { attributes.add("aria-invalid", "true") }
        return attributes
    }
}

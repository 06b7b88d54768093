import Grants
import HTMLWriter

/// The parts that several pages have.
extension Markup {
    mutating func link(_ link: PageLink, _ words: String) {
        element("a", ["href": link.text], words)
    }

    mutating func paragraph(_ words: String) {
        element("p", words)
    }

    /// Appends a box of a kind: `good`, `warn` or `bad`.
    mutating func note(_ kind: String, _ content: (inout Markup) -> Void) {
        element("div", ["class": "note \(kind)"], content)
    }

    /// Appends a word in a pill; the word itself says all that the colour does.
    mutating func pill(_ kind: String, _ word: String) {
        element("span", ["class": "pill \(kind)"], word)
    }

    /// Appends a command line that is to be copied.
    mutating func command(_ line: String) {
        element("pre", ["class": "command", "tabindex": "0"]) { $0.element("code", line) }
    }

    /// Appends words that stand on lines of their own.
    mutating func lines(_ words: [String]) {
        for (index, word) in words.enumerated() {
            if index > 0 { empty("br") }
            text(word)
        }
    }

    /// Appends the beginning of a list, and how much more there is.
    mutating func short(_ words: [String], most: Int = 3) {
        lines(Array(words.prefix(most)))
        if words.count > most {
            element("small", "and \(words.count - most) more")
        }
    }

    mutating func optional(_ words: String?) {
        if let words, !words.isEmpty { text(words) } else { dash() }
    }

    mutating func dash() {
        element("span", ["class": "dim"], "\u{2013}")
    }

    /// Appends facts, each a name with its content.
    mutating func facts(_ content: (inout FactList) -> Void) {
        var list = FactList()
        content(&list)
        element("dl", ["class": "facts"]) { $0.append(list.markup) }
    }

    /// Appends links to the following page and back to the first.
    mutating func paging(_ link: PageLink, _ paging: Paging) {
        guard paging.next != nil || !paging.isFirst else { return }
        element("nav", ["class": "paging", "aria-label": "Pages of the list"]) { nav in
            if !paging.isFirst { nav.link(link, "\u{2039} First page") }
            if let next = paging.next {
                let following = link.with("cursor", next)
                nav.element("a", ["href": following.text, "rel": "next"], "Next page \u{203A}")
            }
        }
    }

    /// Appends links to the same rows in other formats, of a call of /v1.
    mutating func exports(_ link: PageLink) {
        element("p", ["class": "exports"]) { line in
            line.text("As ")
            line.link(link.with("format", "csv"), "CSV")
            line.text(" or ")
            line.link(link, "JSON")
        }
    }
}

/// The place of a page in a long list.
package struct Paging: Hashable, Sendable {
    package let isFirst: Bool
    /// The cursor of the next page; `nil` on the last one.
    package let next: String?

    package init(isFirst: Bool = true, next: String? = nil) {
        (self.isFirst, self.next) = (isFirst, next)
    }
}

/// The entries of a list of facts.
struct FactList {
    private(set) var markup = Markup()

    mutating func fact(_ name: String, _ content: (inout Markup) -> Void) {
        markup.element("dt", name)
        markup.element("dd", content)
    }

    mutating func fact(_ name: String, _ words: String) {
        fact(name) { $0.text(words) }
    }

    /// Adds a fact unless there is nothing to say.
    mutating func fact(_ name: String, ifAny words: String?) {
        if let words, !words.isEmpty { fact(name, words) }
    }

    mutating func moment(_ name: String, _ moment: Moment?) {
        if let moment { fact(name) { $0.moment(moment) } }
    }
}

import Grants
import HTMLWriter

/// One self-contained page that needs no script and no network.
struct ReportPage {
    let title: String
    /// The command that wrote it.
    let generator: String

    func html(
        _ header: (inout Markup) -> Void,
        _ main: (inout Markup) -> Void
    ) -> [UInt8] {
        var markup = Markup()
        markup.raw("<!DOCTYPE html>\n")
        markup.element("html", ["lang": "en"]) { html in
            html.element("head", head)
            html.element("body") { body in
                header(&body)
                body.element("main", main)
            }
        }
        markup.raw("\n")
        return markup.bytes
    }

    /// The content security policy forbids external resources and all scripts, even injected ones.
    private func head(_ head: inout Markup) {
        head.empty("meta", ["charset": "utf-8"])
        head.empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        head.empty(
            "meta",
            [
                "http-equiv": "Content-Security-Policy",
                "content": "default-src 'none'; style-src 'unsafe-inline'",
            ]
        )
        head.empty("meta", ["name": "generator", "content": generator])
        head.element("title", title)
        head.element("style") { $0.raw(StyleSheet.text) }
    }
}

extension Markup {
    /// Appends links to the sections of a page.
    mutating func contents(_ sections: [(String, String)]) {
        element("nav", ["aria-label": "Sections"]) { nav in
            for (id, name) in sections { nav.element("a", ["href": "#\(id)"], name) }
        }
    }

    mutating func period(_ period: Period) {
        element("p", ["class": "period"]) { line in
            line.moment(period.start)
            line.text(" \u{2013} ")
            line.moment(period.end)
            line.text(" UTC")
        }
    }

    /// Appends a result in two words; `kind` is `good`, `warn` or `bad`.
    mutating func badge(_ kind: String, _ text: String, linkingTo id: String) {
        let mark = ["good": "\u{2713}", "bad": "\u{2717}"][kind] ?? "!"
        element("p", ["class": "badge \(kind)"]) { badge in
            badge.element("span", ["aria-hidden": "true"], mark)
            badge.text(" ")
            badge.element("a", ["href": "#\(id)"], text)
        }
    }

    /// Appends numbers, each with its name and a note.
    mutating func tiles(_ tiles: [(String, String, String)]) {
        element("dl", ["class": "tiles"]) { list in
            for (name, value, note) in tiles {
                list.element("div") { tile in
                    tile.element("dt", name)
                    tile.element("dd", ["class": "value"], value)
                    tile.element("dd", ["class": "note"], note)
                }
            }
        }
    }

    /// Appends names with what they stand for.
    mutating func facts(_ pairs: [(String, String)]) {
        element("dl", ["class": "facts"]) { list in
            for (name, value) in pairs {
                list.element("dt", name)
                list.element("dd") { $0.element("code", value) }
            }
        }
    }

    /// Appends text whose lines stay as they are.
    mutating func preformatted(_ text: String) {
        element("pre", ["tabindex": "0"]) { note in
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                note.text(String(line))
                note.raw("\n")
            }
        }
    }
}

extension Period {
    /// The first and the last day.
    var days: String { "\(start.shown.prefix(10)) to \(end.shown.prefix(10))" }
}

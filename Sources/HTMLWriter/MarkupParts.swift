package import Grants

/// The building blocks of sections.
extension Markup {
    /// Appends a section with its heading, which links to it.
    package mutating func section(
        _ id: StaticString,
        _ title: String,
        _ content: (inout Markup) -> Void
    ) {
        let heading = "h-\(id)"
        element("section", ["id": "\(id)", "aria-labelledby": heading]) { section in
            section.element("h2", ["id": heading], title)
            content(&section)
        }
    }

    package mutating func moment(_ moment: Moment?) {
        guard let moment else { return text("\u{2013}") }
        element("time", ["datetime": moment.description], moment.shown)
    }

    /// Appends words that stay on one line.
    package mutating func unbroken(_ words: String) {
        element("span", ["class": "whole"], words)
    }

    /// Appends a table with a caption; the first cell of each row is its heading.
    package mutating func table<Row>(
        _ caption: String,
        head: [String],
        rows: some Collection<Row>,
        _ cells: (inout TableRow, Row) -> Void
    ) {
        element("div", ["class": "wide", "tabindex": "0", "role": "region", "aria-label": caption])
        { frame in
            frame.element("table") { table in
                table.element("caption", caption)
                table.element("thead") { thead in
                    thead.element("tr") { row in
                        for name in head { row.element("th", ["scope": "col"], name) }
                    }
                }
                table.element("tbody") { body in
                    for item in rows {
                        var row = TableRow()
                        cells(&row, item)
                        body.element("tr", row.attributes) { $0.append(row.markup) }
                    }
                }
            }
        }
    }

    /// Appends items in pages that fold, so that thousands stay usable; the first page is open.
    package mutating func pages<Item>(
        of items: [Item],
        by size: Int = 250,
        named name: (ArraySlice<Item>) -> String = { _ in "" },
        _ content: (inout Markup, ArraySlice<Item>) -> Void
    ) {
        guard items.count > size else { return content(&self, items[...]) }
        for start in stride(from: 0, to: items.count, by: size) {
            let page = items[start..<min(start + size, items.count)]
            let label = "\(start + 1) to \(page.endIndex) of \(items.count)"
            let attributes: Attributes = start == 0 ? ["open": ""] : [:]
            element("details", attributes) { details in
                details.element("summary") { summary in
                    summary.element("b", label)
                    summary.text("  \(name(page))")
                }
                content(&details, page)
            }
        }
    }
}

/// The cells of one row.
package struct TableRow {
    package private(set) var markup = Markup()
    /// The attributes of the row itself.
    package var attributes: Markup.Attributes = [:]
    private var isFirst = true

    init() {}

    package mutating func cell(_ content: (inout Markup) -> Void) {
        if isFirst {
            markup.element("th", ["scope": "row"], content)
        } else {
            markup.element("td", content)
        }
        isFirst = false
    }

    package mutating func cell(_ text: String) {
        cell { $0.text(text) }
    }

    package mutating func number(_ number: Int64) {
        markup.element("td", ["class": "n"], String(number))
        isFirst = false
    }

    package mutating func moment(_ moment: Moment?) {
        cell { $0.moment(moment) }
    }
}

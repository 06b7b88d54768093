import Grants
import HTMLWriter

/// The latest items of many: a bounded list that counts all.
struct LatestItems<Item: Sendable>: Sendable {
    let bound: Int
    /// The number of all items, those that are not listed included.
    private(set) var count = 0
    private var kept: [(moment: Moment, item: Item)] = []

    init(bound: Int) { self.bound = bound }

    mutating func add(_ item: Item, at moment: Moment) {
        count += 1
        kept.append((moment, item))
        // Twice as many before the older half goes: each is moved once.
        if kept.count >= 2 * bound { trim() }
    }

    private mutating func trim() {
        kept = Array(sorted.suffix(bound))
    }

    private var sorted: [(moment: Moment, item: Item)] { kept.sorted { $0.moment < $1.moment } }

    /// The latest, by their time.
    var items: [Item] { sorted.suffix(bound).map(\.item) }
}

extension Markup {
    /// Appends a list in pages, and the number of items that it does not show.
    mutating func latest<Item>(
        _ list: LatestItems<Item>,
        _ content: (inout Markup, ArraySlice<Item>) -> Void
    ) {
        let items = list.items
        guard !items.isEmpty else { return element("p", "None.") }
        if list.count > items.count {
            let text = "The latest \(items.count) of \(list.count); the others are counted alone."
            element("p", ["class": "warn"], text)
        }
        pages(of: items, content)
    }
}

extension LatestItems {
    /// Appends a table of what was found on hosts, each row with its host first.
    func write<Found>(
        to section: inout Markup,
        as caption: String,
        head: [String],
        _ cells: (inout TableRow, Found) -> Void
    ) where Item == FleetReportModel.OnHost<Found> {
        section.latest(self) { page, items in
            page.table(caption, head: ["Host"] + head, rows: items) { row, item in
                row.cell { $0.element("b", item.host) }
                cells(&row, item.item)
            }
        }
    }

    /// Appends a table of findings on hosts.
    func write(
        to section: inout Markup,
        as caption: String
    ) where Item == FleetReportModel.OnHost<AuditFinding> {
        write(to: &section, as: caption, head: ["From", "To", "What"]) { row, finding in
            row.moment(finding.start)
            row.moment(finding.end)
            row.cell(finding.text)
        }
    }
}

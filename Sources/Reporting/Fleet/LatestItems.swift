import Grants

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
        by size: Int = 250,
        _ content: (inout Markup, ArraySlice<Item>) -> Void
    ) {
        let items = list.items
        guard !items.isEmpty else { return element("p", "None.") }
        if list.count > items.count {
            let text = "The latest \(items.count) of \(list.count); the others are counted alone."
            element("p", ["class": "warn"], text)
        }
        pages(of: items, by: size, named: { _ in "" }, content)
    }
}

import Grants
import HTMLWriter

/// A drawing in rows along a time axis, with a text for readers who cannot see it.
struct Picture {
    static let width = 1000.0
    static let rowHeight = 26.0
    static let top = 26.0

    let id: String
    let title: String
    let description: String
    let axis: TimeAxis
    let rows: Int

    private var height: Double { Self.top + Double(rows) * Self.rowHeight + 6 }

    static func y(ofRow row: Int) -> Double { top + Double(row) * rowHeight + rowHeight / 2 }

    func write(to markup: inout Markup, _ content: (inout Markup) -> Void) {
        markup.element("div", ["class": "wide picture", "tabindex": "0"]) { frame in
            frame.element(
                "svg",
                [
                    "viewBox": "0 0 \(Self.width.tenths) \(height.tenths)", "role": "img",
                    "aria-labelledby": "\(id)-t \(id)-d",
                ]
            ) { svg in
                svg.element("title", ["id": "\(id)-t"], title)
                svg.element("desc", ["id": "\(id)-d"], description)
                grid(in: &svg)
                content(&svg)
            }
        }
    }

    private func grid(in svg: inout Markup) {
        for (moment, label) in axis.ticks {
            let x = axis.x(moment).tenths
            svg.empty("path", ["class": "g", "d": "M\(x) \(Self.top.tenths)V\(height.tenths)"])
            svg.element("text", ["class": "a", "x": x, "y": "16"], label)
        }
    }
}

extension Markup {
    /// A name at the left of a row, of at most `limit` characters.
    mutating func rowName(_ name: String, row: Int, limit: Int = 17) {
        let y = (Picture.y(ofRow: row) + 4).tenths
        element("text", ["class": "l", "x": "168", "y": y], name.shortened(to: limit))
    }

    /// The day of a row, if it differs from the row above.
    mutating func rowDay(_ day: String, row: Int) {
        let y = (Picture.y(ofRow: row) + 4).tenths
        element("text", ["class": "r", "x": "4", "y": y], day)
    }

    /// A note at the right of a row.
    mutating func rowNote(_ note: String, row: Int) {
        let y = (Picture.y(ofRow: row) + 4).tenths
        element("text", ["class": "r", "x": "796", "y": y], note.shortened(to: 25))
    }

    /// A bar in a row, always wide enough to be seen.
    mutating func bar(_ name: StaticString, from left: Double, to right: Double, row: Int) {
        let width = max(right - left, 2)
        empty(
            "rect",
            [
                "class": "\(name)", "x": left.tenths, "y": (Picture.y(ofRow: row) - 7).tenths,
                "width": width.tenths, "height": "14",
            ]
        )
    }
}

extension String {
    /// The text in at most `count` characters, the last an ellipsis if some are left out.
    func shortened(to count: Int) -> String {
        self.count <= count ? self : prefix(count - 1) + "\u{2026}"
    }
}

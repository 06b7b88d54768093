/// Rows of text with their columns aligned.
package struct Table {
    private var rows: [[String]]

    package init(header: [String] = []) {
        rows = header.isEmpty ? [] : [header]
    }

    package mutating func add(_ cells: [String]) {
        rows.append(cells.map(DisplayText.safe))
    }

    /// The lines, without blanks at their ends.
    package var lines: [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// The progress of long work, on a terminal; it leaves nothing behind.
package struct ProgressBar {
    /// Short work needs no bar.
    private static let leastStep = 5000
    /// With its numbers it fits on a terminal of 40 columns: of a longer line the beginning would stay.
    private static let width = 10

    private let total: Int
    private let step: Int
    private let write: (@Sendable (String) -> Void)?
    /// The count at which it is drawn next.
    private var next: Int

    package init(to total: Int, on console: Console) {
        self.total = max(1, total)
        step = max(Self.leastStep, total / 100)
        next = step
        write = console.progress
    }

    package mutating func show(_ count: Int) {
        guard count >= next, let write else { return }
        next = count + step
        draw(min(100, count * 100 / total), count, write)
    }

    /// Ends the bar: fills it if the work is done, and erases it.
    package mutating func end(isFull: Bool) {
        // Nothing was drawn.
        guard next > step, let write else { return }
        if isFull { draw(100, total, write) }
        write("")
    }

    private func draw(_ percent: Int, _ count: Int, _ write: (String) -> Void) {
        let full = percent * Self.width / 100
        let bar =
            String(repeating: "#", count: full) + String(repeating: ".", count: Self.width - full)
        write("\(bar) \(percent) %, \(count) records")
    }
}

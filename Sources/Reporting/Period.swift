package import Grants
import HTMLWriter

/// A span of time that excludes its end.
package struct Period: Hashable, Sendable {
    package let start: Moment
    package let end: Moment

    package init(start: Moment, end: Moment) {
        self.start = start
        self.end = max(start, end)
    }

    package func contains(_ moment: Moment) -> Bool { moment >= start && moment < end }

    /// The part that lies in another period; `nil` if there is none.
    func clipped(to other: Period) -> Period? {
        let start = max(start, other.start)
        let end = min(end, other.end)
        return start < end ? Period(start: start, end: end) : nil
    }

    /// The same time without overlaps, in order.
    static func union(_ periods: [Period]) -> [Period] {
        var all: [Period] = []
        for period in periods.sorted(by: { $0.start < $1.start }) {
            if let last = all.last, period.start <= last.end {
                all[all.count - 1] = Period(start: last.start, end: max(last.end, period.end))
            } else {
                all.append(period)
            }
        }
        return all
    }
}

extension ArraySlice<GrantTimeline> {
    /// The first and last day on which they opened; one day stands alone.
    var days: String {
        let days = [first, last].compactMap { $0?.opened?.shown.prefix(10) }
        return days.first == days.last
            ? String(days.first ?? "") : days.joined(separator: " \u{2013} ")
    }
}

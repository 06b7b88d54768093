package import Grants

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

extension Moment {
    /// The text `2026-12-01 12:00:00`, for people; the report says once that it is UTC.
    var shown: String {
        let text = description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }
}

extension Int64 {
    /// The size of bytes as `950 B`, `1.3 kB`, `42.0 MB`, in steps of 1000.
    var shownAsSize: String {
        var (value, unit) = (self, "B")
        for larger in ["kB", "MB", "GB", "TB"] where value >= 1000 {
            guard value >= 1_000_000 else {
                return "\(value / 1000).\(value % 1000 / 100) \(larger)"
            }
            (value, unit) = (value / 1000, larger)
        }
        return "\(value) \(unit)"
    }
}

extension Duration {
    /// The two largest units: `2 h 5 min`, `3 min 20 s`.
    var shown: String {
        let seconds = max(0, (self + .milliseconds(500)).components.seconds)
        let units = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
        ]
        let parts = units.drop { $0.0 == 0 }.prefix(2).filter { $0.0 != 0 }
        return parts.isEmpty ? "0 s" : parts.map { "\($0.0) \($0.1)" }.joined(separator: " ")
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

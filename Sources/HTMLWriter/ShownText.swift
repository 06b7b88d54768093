package import Grants

extension Moment {
    /// The text `2026-12-01 12:00:00`, for people; the report says once that it is UTC.
    package var shown: String {
        let text = description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }
}

extension Int64 {
    /// The size of bytes as `950 B`, `1.3 kB`, `42.0 MB`, in steps of 1000.
    package var shownAsSize: String {
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
    package var shown: String {
        let seconds = max(0, (self + .milliseconds(500)).components.seconds)
        let units = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
        ]
        let parts = units.drop { $0.0 == 0 }.prefix(2).filter { $0.0 != 0 }
        return parts.isEmpty ? "0 s" : parts.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}

/// A point in time: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// The core never reads a clock; its callers pass the time.
package struct Moment: Hashable, Sendable, Comparable {
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The moment without its fraction of a second, for people to read.
    package var wholeSecond: Moment {
        Moment(microseconds: microseconds - microseconds % 1_000_000)
    }

    /// Adds a length and saturates instead of overflowing, so that hostile dates cannot trap.
    package static func + (moment: Self, length: Duration) -> Self {
        let (sum, overflow) = moment.microseconds.addingReportingOverflow(length.microseconds)
        guard overflow else { return Self(microseconds: sum) }
        return Self(microseconds: length.microseconds < 0 ? .min : .max)
    }

    package static func - (later: Self, earlier: Self) -> Duration {
        let (difference, overflow) = later.microseconds.subtractingReportingOverflow(
            earlier.microseconds
        )
        guard overflow else { return .microseconds(difference) }
        return .microseconds(later < earlier ? Int64.min : Int64.max)
    }
}

extension Duration {
    /// The length in whole microseconds, rounded towards zero and saturated.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        guard overflow || carried else { return sum }
        return seconds < 0 ? .min : .max
    }
}

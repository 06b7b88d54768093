import Grants
import HTMLWriter

/// The scale of a picture: the position of each moment, and the moments that get a line.
struct TimeAxis {
    /// The left end of the drawing area; `width` is its width.
    static let left = 180.0
    static let width = 600.0

    let period: Period
    /// True if it counts from the midnight before, so that many days share it.
    let isDaily: Bool

    init(of period: Period) {
        self.period = period
        isDaily = false
    }

    /// An axis from midnight on, a day or as much longer as is needed.
    init(daily length: Duration) {
        let start = Moment(microseconds: 0)
        period = Period(start: start, end: start + max(length, .seconds(86_400)))
        isDaily = true
    }

    /// The position of a moment, clamped to the edges.
    func x(_ moment: Moment) -> Double {
        let whole = Double((period.end - period.start).microseconds)
        guard whole > 0 else { return Self.left }
        let part = Double((moment - period.start).microseconds) / whole
        return Self.left + Self.width * min(max(part, 0), 1)
    }

    func contains(_ moment: Moment) -> Bool { moment >= period.start && moment <= period.end }

    /// The seconds between lines, from a minute to a year.
    private static let steps: [Int64] = [
        60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
        1_209_600, 2_592_000, 7_776_000, 31_536_000,
    ]

    /// The moments of lines with their labels, at most ten.
    var ticks: [(moment: Moment, label: String)] {
        let seconds = (period.end - period.start).components.seconds
        let step = Self.steps.first { seconds / $0 <= 8 } ?? max(1, seconds / 8)
        let first = period.start.microseconds / 1_000_000 / step * step
        return (0...9).compactMap { index in
            let moment = Moment(microseconds: 0) + .seconds(first + Int64(index) * step)
            return contains(moment) ? (moment, label(moment, step)) : nil
        }
    }

    private func label(_ moment: Moment, _ step: Int64) -> String {
        let clock = String(moment.shown.dropFirst(11).prefix(5))
        let isMidnight = clock == "00:00"
        if isDaily {
            let days = moment.microseconds / 86_400_000_000
            return isMidnight && days > 0 ? "+\(days) d" : clock
        }
        guard step < 86_400 else { return String(moment.shown.prefix(10)) }
        return isMidnight ? String(moment.shown.prefix(10).dropFirst(5)) : clock
    }
}

extension Moment {
    /// The midnight before, in UTC.
    var midnight: Moment {
        let day: Int64 = 86_400_000_000
        let past = microseconds % day
        return self + .microseconds(past < 0 ? -past - day : -past)
    }
}

extension Double {
    /// The number with one decimal, in the syntax of SVG.
    var tenths: String {
        let tenths = Int((self * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }
}

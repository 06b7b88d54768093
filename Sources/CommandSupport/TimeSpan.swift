package import Grants

/// A length of time as journalctl takes it (systemd.time(7), PARSING TIME SPANS).
package enum TimeSpan {
    /// Reads `2h 30min`, `1.5 days`, `500ms`: numbers with units, added up.
    package static func parse(_ text: some StringProtocol) throws(TextError) -> Duration {
        let malformed = TextError("`\(text)` is not a length of time such as 2h or '3 days'")
        var sum: Int64 = 0
        var rest = Substring(text).drop { $0 == " " }
        guard !rest.isEmpty else { throw malformed }
        while !rest.isEmpty {
            let whole = digits(&rest)
            let hasPoint = rest.first == "."
            if hasPoint { rest.removeFirst() }
            let decimals = hasPoint ? digits(&rest) : ""
            rest = rest.drop { $0 == " " }
            let unit = rest.prefix(while: \.isLetter)
            rest = rest[unit.endIndex...].drop { $0 == " " }
            guard let count = Int64(whole), hasPoint != decimals.isEmpty,
                let length = units[String(unit)]
            else { throw malformed }
            let (product, isTooLong) = length.multipliedReportingOverflow(by: count)
            let (next, isTooMuch) = sum.addingReportingOverflow(product)
            let (exact, isBeyond) = next.addingReportingOverflow(part(decimals, of: length))
            guard !isTooLong, !isTooMuch, !isBeyond else { throw malformed }
            sum = exact
        }
        return .microseconds(sum)
    }

    private static func digits(_ text: inout Substring) -> Substring {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        text = text[digits.endIndex...]
        return digits
    }

    /// `25` is a quarter of a length.
    private static func part(_ decimals: Substring, of length: Int64) -> Int64 {
        var (sum, step) = (Int64(0), length)
        for digit in decimals.utf8 {
            step /= 10
            sum += step * Int64(digit - UInt8(ascii: "0"))
        }
        return sum
    }

    /// Microseconds by the names of systemd.time(7); without a name they are seconds.
    private static let units: [String: Int64] = {
        let names: [(Int64, [String])] = [
            (1, ["us", "usec", "\u{B5}s", "\u{3BC}s"]), (1000, ["ms", "msec"]),
            (1_000_000, ["", "s", "sec", "second", "seconds"]),
            (60_000_000, ["m", "min", "minute", "minutes"]),
            (3_600_000_000, ["h", "hr", "hour", "hours"]), (86_400_000_000, ["d", "day", "days"]),
            (604_800_000_000, ["w", "week", "weeks"]),
            (2_629_800_000_000, ["M", "month", "months"]),
            (31_557_600_000_000, ["y", "year", "years"]),
        ]
        var units: [String: Int64] = [:]
        for (length, all) in names { for name in all { units[name] = length } }
        return units
    }()
}

import Grants
import StrictTOML

/// Sizes of files and spans of days, which policies spell as strings.
extension TOMLValue {
    private static let sizeUnits: [(letter: Character, bytes: Int64)] = [
        ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
    ]
    private static let day = Int64(86_400)

    /// A number of bytes such as `"64M"`, in units of 1024, within limits.
    func size(in range: ClosedRange<Int64>) throws(Refusal) -> Int64 {
        let text = try string()
        let limits =
            "\(Self.text(ofSize: range.lowerBound)) to \(Self.text(ofSize: range.upperBound))"
        let refusal = Refusal(
            "is \(QuotedText(text))",
            "a size such as \"64M\" from \(limits) belongs here"
        )
        guard let unit = Self.sizeUnits.first(where: { $0.letter == text.last }),
            let number = Self.number(text.dropLast())
        else { throw refusal }
        let (size, isTooMuch) = number.multipliedReportingOverflow(by: unit.bytes)
        guard !isTooMuch, range.contains(size) else { throw refusal }
        return size
    }

    /// A number of days such as `"30d"`.
    func days(in range: ClosedRange<Int64>) throws(Refusal) -> Duration {
        let text = try string()
        guard text.last == "d", let number = Self.number(text.dropLast()), range.contains(number)
        else {
            let limits = "\"\(range.lowerBound)d\" to \"\(range.upperBound)d\""
            throw Refusal("is \(QuotedText(text))", "days from \(limits) belong here")
        }
        return .seconds(number * Self.day)
    }

    /// A length of time such as `"12h"`, or one of whole days such as `"7d"`.
    func span(in range: ClosedRange<Duration>) throws(Refusal) -> Duration {
        let refusal: Refusal
        if case .string(let text) = self, text.last == "d" {
            let days = Self.number(text.dropLast()).flatMap { (0...36_600).contains($0) ? $0 : nil }
            let span = days.map { Duration.seconds($0 * Self.day) }
            if let span, range.contains(span) { return span }
            refusal = Refusal("is \(QuotedText(text))", "")
        } else {
            do throws(Refusal) {
                return try duration(in: range)
            } catch {
                refusal = error
            }
        }
        let limits =
            "\(Self.text(ofSpan: range.lowerBound)) to \(Self.text(ofSpan: range.upperBound))"
        throw Refusal(refusal.reason, "such as \"7d\" or \"12h\" belongs here, from \(limits)")
    }

    /// The text of a span: in days where these are whole.
    static func text(ofSpan span: Duration) -> String {
        let isWhole =
            span > .zero && span.components.seconds % day == 0
            && span.components.attoseconds == 0
        return isWhole ? text(ofDays: span) : span.shortText
    }

    /// A number of days, or `"forever"`, which is `nil`.
    func daysOrForever(in range: ClosedRange<Int64>) throws(Refusal) -> Duration? {
        if case .string("forever") = self { return nil }
        do throws(Refusal) {
            return try days(in: range)
        } catch {
            throw Refusal(error.reason, "\(error.remedy), or \"forever\"")
        }
    }

    private static func number(_ digits: Substring) -> Int64? {
        Int64(digits).flatMap { String($0) == digits ? $0 : nil }
    }

    /// The text of a size that is a whole number of units.
    static func text(ofSize bytes: Int64) -> String {
        for unit in sizeUnits where bytes % unit.bytes == 0 {
            return "\(bytes / unit.bytes)\(unit.letter)"
        }
        return "\(bytes / 1024)K"
    }

    /// The text of a span of whole days.
    static func text(ofDays span: Duration) -> String { "\(span.components.seconds / day)d" }
}

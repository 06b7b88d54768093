import Grants

/// The Date header of an answer, by which hosts know the time of their depot (RFC 9110, section 5.6.7).
enum DateHeader {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(_ moment: Moment) -> String {
        let whole = Moment(microseconds: max(0, moment.microseconds)).wholeSecond
        // 1970-01-01 was a Thursday.
        let day = days[Int(whole.microseconds / 86_400_000_000 % 7)]
        let text = whole.description
        let date = text.prefix(10).split(separator: "-")
        let month = months[max(0, min(11, (Int(date[1]) ?? 1) - 1))]
        return "\(day), \(date[2]) \(month) \(date[0]) \(text.dropFirst(11).prefix(8)) GMT"
    }
}

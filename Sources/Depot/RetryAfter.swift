import Grants

/// The header Retry-After: seconds, or a date.
package enum RetryAfter {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The time from the answer on, or `nil` if the header says none.
    ///
    /// A date counts from the Date of the same answer, since the clock of this host may be wrong.
    package static func duration(_ value: String?, date: String?) -> Duration? {
        guard let value, value.utf8.count <= 64 else { return nil }
        if let seconds = Int64(value), value.utf8.allSatisfy({ (48...57).contains($0) }) {
            return .seconds(min(seconds, 1_000_000))
        }
        guard let until = moment(value), let now = date.flatMap(moment), until > now else {
            return nil
        }
        return until - now
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers may send (RFC 9110).
    static func moment(_ text: String) -> Moment? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 6, words[0].utf8.last == UInt8(ascii: ","), words[5] == "GMT",
            let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return try? Moment(parsing: "\(words[3])-\(number)-\(words[1])T\(words[4])Z")
    }
}

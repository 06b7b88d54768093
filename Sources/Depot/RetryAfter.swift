import Grants

/// The header Retry-After: seconds, or a date.
package enum RetryAfter {
    /// The time from the answer on, or `nil` if the header says none.
    ///
    /// A date counts from the Date of the same answer, since the clock of this host may be wrong.
    package static func duration(_ value: String?, date: String?) -> Duration? {
        guard let value, value.utf8.count <= 64 else { return nil }
        if let seconds = Int64(value), value.utf8.allSatisfy({ (48...57).contains($0) }) {
            return .seconds(min(seconds, 1_000_000))
        }
        guard let until = HTTPDate.moment(value), let now = date.flatMap(HTTPDate.moment),
            until > now
        else {
            return nil
        }
        return until - now
    }
}

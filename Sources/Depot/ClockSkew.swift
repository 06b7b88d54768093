package import Grants

/// The difference between the clock of this machine and that of a depot.
package enum ClockSkew {
    /// The least difference that is told: a store refuses requests that are 15 minutes off.
    private static let least: Duration = .seconds(120)

    /// A clause for a message about a refusal: `the clock of this machine is 20m behind that of the depot`.
    ///
    /// `nil` if the clocks agree, or `date`, the Date of the answer, is none.
    package static func remark(date: String?, now: Moment) -> String? {
        guard let time = date.flatMap(HTTPDate.moment) else { return nil }
        let ahead = now - time
        let length = ahead < .zero ? .zero - ahead : ahead
        guard length >= least else { return nil }
        let side = ahead < .zero ? "behind" : "ahead of"
        return "the clock of this machine is \(text(length)) \(side) that of the depot"
    }

    /// A length in its largest unit.
    private static func text(_ length: Duration) -> String {
        let seconds = length.components.seconds
        let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "m")]
        let unit = units.first { seconds >= 2 * $0.0 } ?? (60, "m")
        return "\(seconds / unit.0)\(unit.1)"
    }
}

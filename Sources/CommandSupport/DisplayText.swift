package import Grants
import StrictJSON

/// Texts as a terminal may show them.
package enum DisplayText {
    /// The text of a stranger, with everything escaped that a terminal would act on.
    package static func safe(_ text: String) -> String { TerminalText.safe(text) }

    /// A moment without its fraction of a second.
    package static func moment(_ moment: Moment) -> String { moment.wholeSecond.description }

    /// Values with commas between them.
    package static func list(_ items: [some CustomStringConvertible]) -> String {
        items.map(\.description).joined(separator: ", ")
    }

    /// `2h 5m`, `3m 20s`, `12s`: the two largest units.
    package static func span(seconds: Int) -> String {
        let units = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m")]
        let parts = (units + [(seconds % 60, "s")]).drop { $0.0 == 0 }.prefix(2)
        guard let first = parts.first else { return "0s" }
        return parts.dropFirst().filter { $0.0 != 0 }
            .reduce("\(first.0)\(first.1)") { "\($0) \($1.0)\($1.1)" }
    }
}

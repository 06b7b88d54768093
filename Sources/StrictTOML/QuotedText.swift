/// Text from a file as a message may show it: quoted, shortened, no control characters.
///
/// What a message says ends up on a terminal and in the journal, so nothing that a terminal obeys
/// may come through. The result is a TOML basic string wherever nothing was cut off.
package struct QuotedText: CustomStringConvertible {
    /// The most scalars that are shown.
    package static let limit = 80

    package let description: String

    package init(_ text: String, limit: Int = Self.limit) {
        let scalars = text.unicodeScalars
        let shown = scalars.prefix(limit).map(Self.escaped).joined()
        description = "\"\(shown)\(scalars.count > limit ? "…" : "")\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": return "\\\(scalar)"
        case "\t": return "\\t"
        case "\n": return "\\n"
        case "\r": return "\\r"
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            let width = digits.count > 4 ? 8 : 4
            let zeros = String(repeating: "0", count: width - digits.count)
            return (width == 8 ? "\\U" : "\\u") + zeros + digits
        default: return String(scalar)
        }
    }
}

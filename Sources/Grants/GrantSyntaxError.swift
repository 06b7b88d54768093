package import StrictJSON

/// Why signed bytes are not a grant or a revocation: where, which field, and what would be right.
package struct GrantSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of mistake; stable names for scripts and tests.
    package enum Code: String, Hashable, Sendable {
        case malformedJSON = "malformed-json"
        case unknownField = "unknown-field"
        case missingField = "missing-field"
        case wrongType = "wrong-type"
        case badValue = "bad-value"
        case badLength = "bad-length"
    }

    package let code: Code
    package let position: JSONPosition
    /// `sources[1]`; empty for the object as a whole.
    package let field: String
    package let reason: String

    package var description: String {
        let place = "line \(position.line), column \(position.column)"
        return field.isEmpty ? "\(place): \(reason)" : "\(place): \(field): \(reason)"
    }
}

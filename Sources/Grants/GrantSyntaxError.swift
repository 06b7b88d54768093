package import StrictJSON

/// The mistake in signed bytes that makes them no grant or revocation: place, field and remedy.
package struct GrantSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of mistakes; their names are stable for scripts and tests.
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
    /// The field at fault, such as `sources[1]`; empty for the object as a whole.
    package let field: String
    package let reason: String

    package var description: String {
        let place = "line \(position.line), column \(position.column)"
        return field.isEmpty ? "\(place): \(reason)" : "\(place): \(field): \(reason)"
    }
}

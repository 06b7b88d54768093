/// Why a file is not signed as it must be.
package struct SignatureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal; stable names for scripts and tests.
    package enum Code: String, Hashable, Sendable {
        case empty
        case unsigned
        case tooLarge = "too-large"
        case malformed = "malformed-signature"
        case unsupported = "unsupported-key"
        case weak = "weak-key"
        case wrongNamespace = "wrong-namespace"
        case stranger
        case notAllowed = "not-allowed"
        case untouched
        case tampered
    }

    package let code: Code
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

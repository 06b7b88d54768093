/// Why a file is not signed as it must be; the description names the signature and its key.
package struct SignatureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal; stable names for scripts, records and tests.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// There is nothing that could be signed.
        case empty
        /// No armored block follows the payload.
        case unsigned
        case tooLarge = "too-large"
        /// Armor or the bytes inside it are not what PROTOCOL.sshsig says.
        case malformed = "malformed-signature"
        case unsupported = "unsupported-key"
        case certificate
        /// RSA below 2048 bits, or SHA-1.
        case weak = "weak-key"
        case wrongNamespace = "wrong-namespace"
        /// The key is not in allowed_signers.
        case stranger
        /// The key is in allowed_signers, but not for this namespace.
        case notAllowed = "not-allowed"
        case notYetValid = "not-yet-valid"
        case noLongerValid = "no-longer-valid"
        /// A FIDO token signed without a touch.
        case untouched
        /// The signature is not over these bytes.
        case tampered
    }

    package let code: Code
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// The same error, saying which signature of the file it is about: 1 is the first.
    func about(signature number: Int, by fingerprint: String? = nil) -> Self {
        let key = fingerprint.map { " by \($0)" } ?? ""
        return Self(code, "signature \(number)\(key): \(description)")
    }
}

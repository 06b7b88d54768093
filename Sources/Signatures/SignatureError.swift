/// The fault in the signatures of a file; the description names the signature and its key.
package struct SignatureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusals; their names are stable for scripts, records and tests.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// There is no payload to sign.
        case empty
        /// No armored block follows the payload.
        case unsigned
        case tooLarge = "too-large"
        /// The armor or the bytes inside it do not follow PROTOCOL.sshsig.
        case malformed = "malformed-signature"
        case unsupported = "unsupported-key"
        /// The certificate is malformed, or one that no grant may be signed with.
        case certificate
        /// The key is RSA below 2048 bits, or the signature uses SHA-1.
        case weak = "weak-key"
        case wrongNamespace = "wrong-namespace"
        /// The key is not in allowed_signers.
        case stranger
        /// The key is in allowed_signers, but not for this namespace.
        case notAllowed = "not-allowed"
        case notYetValid = "not-yet-valid"
        case noLongerValid = "no-longer-valid"
        /// The key, its certificate or its authority is in `revoked_keys`.
        case revoked = "key-revoked"
        /// A FIDO token or passkey signed without a touch.
        case untouched
        /// A passkey signed without verifying its user by a PIN or biometrics.
        case unverifiedUser = "user-not-verified"
        /// A passkey signed with flags or extensions that nobody asks it for.
        case authenticatorFlags = "authenticator-flags"
        /// The browser had a passkey sign something that browsers do not write.
        case clientData = "client-data"
        /// A passkey signed in a frame of another page.
        case framed
        /// A passkey signed without a browser.
        case browserOnly = "browser-only"
        /// The signature covers other bytes.
        case tampered
    }

    package let code: Code
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// The error of an upload that has to be one signature.
    package static let notOneSignature = SignatureError(
        .malformed,
        "this is not one armored signature and nothing else"
    )

    /// The same error with the number of the signature in the file, from 1.
    func about(signature number: Int, by fingerprint: String? = nil) -> Self {
        let key = fingerprint.map { " by \($0)" } ?? ""
        return Self(code, "signature \(number)\(key): \(description)")
    }
}

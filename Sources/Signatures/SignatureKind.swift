/// The means by which a signature was made; raw values are the words of `[[approver]] kinds` in
/// policy.
///
/// Each signature is of one kind. A certified security key is of kind `certificate`; a passkey that
/// signs in a browser is of kind `webauthn`, certified or not, since the page chooses what is signed.
package enum SignatureKind: String, Hashable, Sendable, CaseIterable {
    /// By a plain key.
    case key
    /// By a security key (FIDO) without a browser.
    case sk
    /// By a key that a certificate authority certified.
    case certificate
    /// By a passkey in a browser (WebAuthn).
    case webauthn
}

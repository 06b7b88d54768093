/// Bytes that allowed signers signed; only the verifier makes one.
package struct SignedPayload: Hashable, Sendable {
    /// What was signed, byte for byte.
    package let bytes: [UInt8]
    package let namespace: SignatureNamespace
    /// One for each signature, in the order of the file; never empty.
    package let approvals: [Approval]
    /// SHA-256 of the whole file as it arrived, in hex.
    package let sha256: String
}

/// One valid signature: by whom, and why it counts.
package struct Approval: Hashable, Sendable {
    /// The first plain name among the principals of the line, or all of them as written.
    package let principal: String
    /// All principals of the line.
    package let principals: PatternList
    package let keyType: String
    /// `SHA256:…`, as ssh-keygen -l prints it.
    package let fingerprint: String
    /// The line of allowed_signers that admitted the signature.
    package let line: String
}

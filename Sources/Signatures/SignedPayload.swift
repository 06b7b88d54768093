/// Bytes that allowed signers signed; only the verifier makes one.
package struct SignedPayload: Hashable, Sendable {
    /// What was signed, byte for byte.
    package let bytes: [UInt8]
    /// The kind of file: what its approvals are for.
    package let namespace: SignatureNamespace
    /// In the order of the file; never empty.
    package let signatures: [VerifiedSignature]
    /// SHA-256 of the whole file as it arrived, in hex.
    package let sha256: String

    /// The signatures that approve; none where the requestor alone signed.
    package var approvals: [VerifiedSignature] { signatures.filter { $0.namespace == namespace } }

    /// The requestor's own signatures, which approve nothing.
    package var requests: [VerifiedSignature] { signatures.filter { $0.namespace == .request } }

    /// The lines of allowed_signers that its signatures rest on.
    package var signerLines: [String] { signatures.flatMap(\.lines) }
}

/// One valid signature: by whom, what for, and the lines that it rests on.
package struct VerifiedSignature: Hashable, Sendable {
    package let namespace: SignatureNamespace
    /// The first plain name among the principals of the line that admitted it, or all of them as
    /// written.
    package let principal: String
    /// All principals of that line.
    package let principals: PatternList
    package let keyType: String
    package let signer: SignerIdentity
    /// All lines of allowed_signers that hold the key, since all their names are the signer's.
    package let lines: [String]

    package var fingerprint: String { signer.fingerprint }
}

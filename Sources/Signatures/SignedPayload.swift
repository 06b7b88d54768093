package import Grants

/// Bytes that allowed signers signed; only the verifier can make one.
package struct SignedPayload: Hashable, Sendable {
    /// The signed bytes.
    package let bytes: [UInt8]
    /// The signatures in the order of the file; never empty.
    package let signatures: [VerifiedSignature]
    /// The SHA-256 of the whole file as it arrived, in hex.
    package let sha256: String

    /// The namespaces of its signatures.
    package var namespaces: Set<SignatureNamespace> { Set(signatures.map(\.namespace)) }

    /// The signatures that approve; none if only the requestor signed.
    package var approvals: [VerifiedSignature] { signatures.filter { $0.namespace != .request } }

    /// The requestor's own signatures, which approve nothing.
    package var requests: [VerifiedSignature] { signatures.filter { $0.namespace == .request } }

    /// The certificates of the signatures that have one, each with its signer, as records name them.
    package var certificates: [String] {
        signatures.compactMap { signature in
            signature.certificate.map { "\(signature.principal): \($0)" }
        }
    }

    /// The people and keys by which a revocation finds a grant with these signatures.
    package var parties: GrantParties {
        GrantParties(
            names: Self.distinct(signatures.flatMap(\.signer.tracedNames)),
            requestorNames: Self.distinct(requests.flatMap(\.signer.tracedNames)),
            keys: Self.distinct(
                signatures.flatMap { signature in
                    [signature.fingerprint, signature.certificate?.authority].compactMap(\.self)
                }
            )
        )
    }

    private static func distinct(_ texts: [String]) -> [String] {
        var known = Set<String>()
        return texts.filter { known.insert($0).inserted }
    }

    /// The lines of allowed_signers that its signatures depend on.
    package var signerLines: [String] { signatures.flatMap(\.lines) }
}

/// One valid signature: its signer, its namespace, and the lines that it depends on.
package struct VerifiedSignature: Hashable, Sendable {
    package let namespace: SignatureNamespace
    /// The first plain name among the principals of the line that admitted it; all of them as
    /// written if there is none.
    package let principal: String
    /// All principals of that line.
    package let principals: PatternList
    package let keyType: String
    package let kind: SignatureKind
    package let signer: SignerIdentity
    /// All lines of allowed_signers that list the key, since all their names are the signer's; of a
    /// certified key also those of its authority.
    package let lines: [String]
    /// The certificate; `nil` for a plain key.
    package internal(set) var certificate: CertificateIdentity?
    /// The data that the browser added; `nil` if none did.
    package internal(set) var browser: BrowserSignature?

    package var fingerprint: String { signer.fingerprint }
}

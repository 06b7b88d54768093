package import Grants

/// A file whose signatures are valid for the keys that they name, whosever those are; only the check
/// makes one.
///
/// It is for tools that pass files on without a list of signers. Nothing opens by it: what a host
/// takes is a `SignedPayload`.
package struct IntactFile: Hashable, Sendable {
    /// The signed bytes.
    package let bytes: [UInt8]
    package let namespaces: Set<SignatureNamespace>

    /// Checks all signatures of a file; one that fails has the file refused.
    package init(
        checking file: [UInt8],
        under rules: RulesVersion = .current
    ) throws(SignatureError) {
        let parts = try SignedFile(splitting: file)
        let signatures = try SignatureVerifier.signatures(of: parts)
        let namespaces = try SignatureVerifier.namespaces(of: signatures, under: rules)
        for (index, signature) in signatures.enumerated() {
            do {
                let key = try Self.key(of: signature)
                _ = try signature.verify(parts.payload, by: key, under: rules)
            } catch {
                throw error.about(signature: index + 1, by: signature.fingerprint)
            }
        }
        (bytes, self.namespaces) = (parts.payload, Set(namespaces))
    }

    private static func key(of signature: SSHSignature) throws(SignatureError) -> PublicKey {
        guard signature.isCertified else { return try PublicKey(parsing: signature.keyBlob) }
        let certificate = try Certificate(parsing: signature.keyBlob)
        try certificate.verify(by: PublicKey(parsing: certificate.authority))
        return try PublicKey(certificate.form)
    }
}

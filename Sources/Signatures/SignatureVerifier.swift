package import Grants

/// Checks the signatures of a file against the allowed signers.
package struct SignatureVerifier: Sendable {
    private let allowedSigners: AllowedSigners
    private let revokedKeys: RevokedKeys

    package init(allowedSigners: AllowedSigners, revokedKeys: RevokedKeys = RevokedKeys()) {
        self.allowedSigners = allowedSigners
        self.revokedKeys = revokedKeys
    }

    /// Splits a file and checks all its signatures; one that fails has the file refused.
    ///
    /// The signers must be allowed at `now`. A hub names the namespaces that it expects; a host knows
    /// those of its rules.
    package func verify(
        _ file: [UInt8],
        at now: Moment,
        under rules: RulesVersion = .current,
        only expected: [SignatureNamespace]? = nil
    ) throws(SignatureError) -> SignedPayload {
        let parts = try SignedFile(splitting: file)
        let signatures = try Self.signatures(of: parts)
        let namespaces = try Self.namespaces(of: signatures, under: rules, only: expected)
        var verified: [VerifiedSignature] = []
        for (index, (signature, namespace)) in zip(signatures, namespaces).enumerated() {
            do {
                let found = try key(of: signature, for: namespace, at: now, under: rules)
                let browser = try signature.verify(parts.payload, by: found.key, under: rules)
                verified.append(VerifiedSignature(namespace, by: found, inBrowser: browser))
            } catch {
                throw error.about(signature: index + 1, by: signature.fingerprint)
            }
        }
        guard !namespaces.isEmpty else {
            throw SignatureError(.unsigned, "there is no signature")
        }
        return SignedPayload(
            bytes: parts.payload,
            signatures: verified,
            sha256: FileDigest.sha256(of: file)
        )
    }

    private func key(
        of signature: SSHSignature,
        for namespace: SignatureNamespace,
        at now: Moment,
        under rules: RulesVersion
    ) throws(SignatureError) -> KeyInForce {
        if signature.isCertified, rules >= .third {
            return try certifiedKey(of: signature, for: namespace, at: now)
        }
        guard let key = allowedSigners[signature.keyBlob] else {
            // A malformed key is better described by its fault. The lengths alone are checked: keys
            // that allowed_signers does not list never reach the crypto library.
            _ = try PublicKeyForm(parsing: signature.keyBlob)
            throw allowedSigners.authority(signature.keyBlob) == nil
                ? SignatureError(.stranger, "the key is not in allowed_signers")
                : SignatureError(
                    .stranger,
                    "the key is in allowed_signers as a certificate authority only; sign with a key"
                        + " that it certified"
                )
        }
        try revokedKeys.check(signature.keyBlob)
        return KeyInForce(try key.line(for: namespace, at: now), of: key)
    }

    private func certifiedKey(
        of signature: SSHSignature,
        for namespace: SignatureNamespace,
        at now: Moment
    ) throws(SignatureError) -> KeyInForce {
        let certificate = try Certificate(parsing: signature.keyBlob)
        guard let authority = allowedSigners.authority(certificate.authority) else {
            throw SignatureError(
                .certificate,
                "the CA of its certificate, \(SSHSignature.fingerprint(of: certificate.authority)), is"
                    + " not in allowed_signers with cert-authority; list it, or sign with the plain"
                    + " key"
            )
        }
        guard let listed = authority.lines.first else { throw Certificate.malformed }
        try certificate.verify(by: listed.key)
        try revokedKeys.check(certificate)
        let line = try authority.line(for: namespace, certifying: certificate, at: now)
        try certificate.requireValid(at: now)
        let own = allowedSigners[certificate.keyBlob]
        return try KeyInForce(certificate, by: line, of: authority, own: own)
    }

    static func signatures(
        of parts: SignedFile
    ) throws(SignatureError) -> [SSHSignature] {
        var signatures: [SSHSignature] = []
        for (index, blob) in parts.signatures.enumerated() {
            do {
                signatures.append(try SSHSignature(parsing: blob))
            } catch {
                throw error.about(signature: index + 1)
            }
        }
        return signatures
    }

    /// The namespace of each signature; all must be for one kind of file.
    static func namespaces(
        of signatures: [SSHSignature],
        under rules: RulesVersion,
        only expected: [SignatureNamespace]? = nil
    ) throws(SignatureError) -> [SignatureNamespace] {
        var namespaces: [SignatureNamespace] = []
        for (index, signature) in signatures.enumerated() {
            guard let namespace = SignatureNamespace(rawValue: signature.namespace),
                expected?.contains(namespace) ?? namespace.isKnown(under: rules),
                namespaces.allSatisfy(namespace.fits)
            else {
                throw unfit(signature, beside: namespaces.first, expecting: expected)
                    .about(signature: index + 1, by: signature.fingerprint)
            }
            namespaces.append(namespace)
        }
        return namespaces
    }

    private static func unfit(
        _ signature: SSHSignature,
        beside first: SignatureNamespace?,
        expecting named: [SignatureNamespace]?
    ) -> SignatureError {
        let expected: [SignatureNamespace] =
            switch first {
            case _ where named != nil: named ?? []
            case nil: [.grant, .revocation]
            case .request: [.grant]
            case .lockout: [.revocation]
            case let first?: [first]
            }
        let remedy = expected.map { "-n \($0.rawValue)" }.joined(separator: " or ")
        let name = String(signature.namespace.prefix(64)).debugDescription
        return SignatureError(
            .wrongNamespace,
            "it is for \(name)\(first == nil ? "" : ", unlike the first"); sign with \(remedy)"
        )
    }
}

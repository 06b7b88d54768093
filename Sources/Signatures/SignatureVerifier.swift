package import Grants

/// Checks the signatures of a file against the allowed signers.
package struct SignatureVerifier: Sendable {
    private let allowedSigners: AllowedSigners

    package init(allowedSigners: AllowedSigners) {
        self.allowedSigners = allowedSigners
    }

    /// Splits a file and checks all its signatures; one that fails has the file refused.
    ///
    /// The signers must be allowed at `now`.
    package func verify(
        _ file: [UInt8],
        at now: Moment,
        under rules: RulesVersion = .current
    ) throws(SignatureError) -> SignedPayload {
        let parts = try SignedFile(splitting: file)
        let signatures = try Self.signatures(of: parts)
        let namespaces = try Self.namespaces(of: signatures, under: rules)
        var verified: [VerifiedSignature] = []
        for (index, (signature, namespace)) in zip(signatures, namespaces).enumerated() {
            do {
                let line = try line(of: signature, for: namespace, at: now)
                try signature.verify(parts.payload, by: line.line.key)
                verified.append(VerifiedSignature(namespace, line.line, of: line.key))
            } catch {
                throw error.about(signature: index + 1, by: signature.fingerprint)
            }
        }
        guard let kind = namespaces.first?.file else {
            throw SignatureError(.unsigned, "there is no signature")
        }
        return SignedPayload(
            bytes: parts.payload,
            namespace: kind,
            signatures: verified,
            sha256: FileDigest.sha256(of: file)
        )
    }

    private func line(
        of signature: SSHSignature,
        for namespace: SignatureNamespace,
        at now: Moment
    ) throws(SignatureError) -> (key: ListedKey, line: AllowedSigner) {
        guard let key = allowedSigners[signature.keyBlob] else {
            // A malformed key is better described by its fault. The lengths alone are checked: keys
            // that allowed_signers does not list never reach the crypto library.
            _ = try PublicKeyForm(parsing: signature.keyBlob)
            throw SignatureError(.stranger, "the key is not in allowed_signers")
        }
        return (key, try key.line(for: namespace, at: now))
    }

    private static func signatures(
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
    private static func namespaces(
        of signatures: [SSHSignature],
        under rules: RulesVersion
    ) throws(SignatureError) -> [SignatureNamespace] {
        var namespaces: [SignatureNamespace] = []
        for (index, signature) in signatures.enumerated() {
            let file = namespaces.first?.file
            guard let namespace = SignatureNamespace(rawValue: signature.namespace),
                namespace.isKnown(under: rules), file == nil || namespace.file == file
            else {
                let expected = file.map { [$0] } ?? [.grant, .revocation]
                let remedy = expected.map { "-n \($0.rawValue)" }.joined(separator: " or ")
                let name = String(signature.namespace.prefix(64)).debugDescription
                throw SignatureError(
                    .wrongNamespace,
                    "it is for \(name)\(file == nil ? "" : ", unlike the first"); sign with \(remedy)"
                ).about(signature: index + 1, by: signature.fingerprint)
            }
            namespaces.append(namespace)
        }
        return namespaces
    }
}

extension VerifiedSignature {
    fileprivate init(_ namespace: SignatureNamespace, _ line: AllowedSigner, of key: ListedKey) {
        self.init(
            namespace: namespace,
            principal: line.principal,
            principals: line.principals,
            keyType: line.keyType,
            kind: line.key.isOnToken ? .sk : .key,
            signer: key.signer,
            lines: key.lines.map(\.line)
        )
    }
}

extension ListedKey {
    /// The first line that allows the key to sign for the namespace now.
    fileprivate func line(
        for namespace: SignatureNamespace,
        at now: Moment
    ) throws(SignatureError) -> AllowedSigner {
        var lapse: SignatureError?
        for line in lines where line.maySign(for: namespace) {
            guard let reason = line.lapse(at: now) else { return line }
            lapse = lapse ?? reason
        }
        throw lapse ?? notAllowed(for: namespace)
    }

    private func notAllowed(for namespace: SignatureNamespace) -> SignatureError {
        let name = (lines.first?.principalText ?? "").debugDescription
        let names = lines.allSatisfy { $0.options.namespaces != nil }
        let reason =
            names
            ? "its line in allowed_signers has other namespaces"
            : "its line in allowed_signers has to name that in `namespaces=`"
        return SignatureError(
            .notAllowed,
            "\(name) may not sign for \(namespace.rawValue); \(reason)"
        )
    }
}

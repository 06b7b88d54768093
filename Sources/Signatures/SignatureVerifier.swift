package import Grants

/// Checks the signatures of a file against the allowed signers.
package struct SignatureVerifier: Sendable {
    private let allowedSigners: AllowedSigners

    package init(allowedSigners: AllowedSigners) {
        self.allowedSigners = allowedSigners
    }

    /// Takes a file apart and checks every signature on it; each must hold, or the file is refused.
    ///
    /// `now` is the moment at which the signers must be allowed.
    package func verify(
        _ file: [UInt8],
        at now: Moment
    ) throws(SignatureError) -> SignedPayload {
        let parts = try SignedFile(splitting: file)
        let signatures = try Self.signatures(of: parts)
        let namespace = try Self.namespace(of: signatures)
        var approvals: [Approval] = []
        for (index, signature) in signatures.enumerated() {
            do {
                let signer = try signer(of: signature, for: namespace, at: now)
                try signature.verify(parts.payload, by: signer.key)
                approvals.append(Approval(by: signer, fingerprint: signature.fingerprint))
            } catch {
                throw error.about(signature: index + 1, by: signature.fingerprint)
            }
        }
        return SignedPayload(
            bytes: parts.payload,
            namespace: namespace,
            approvals: approvals,
            sha256: FileDigest.sha256(of: file)
        )
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

    /// The one namespace of ours that all signatures are for.
    private static func namespace(
        of signatures: [SSHSignature]
    ) throws(SignatureError) -> SignatureNamespace {
        var common: SignatureNamespace?
        for (index, signature) in signatures.enumerated() {
            let expected = common.map { [$0] } ?? SignatureNamespace.allCases
            guard let namespace = expected.first(where: { $0.rawValue == signature.namespace })
            else {
                let remedy = expected.map { "-n \($0.rawValue)" }.joined(separator: " or ")
                let name = String(signature.namespace.prefix(64)).debugDescription
                throw SignatureError(
                    .wrongNamespace,
                    "it is for \(name)\(common == nil ? "" : ", unlike the first"); sign with \(remedy)"
                ).about(signature: index + 1, by: signature.fingerprint)
            }
            common = namespace
        }
        guard let common else { throw SignatureError(.unsigned, "there is no signature") }
        return common
    }

    /// The first line of allowed_signers that lets the key sign for the namespace now.
    private func signer(
        of signature: SSHSignature,
        for namespace: SignatureNamespace,
        at now: Moment
    ) throws(SignatureError) -> AllowedSigner {
        let lines = allowedSigners.entries(for: signature.keyBlob)
        guard let first = lines.first else {
            // A key that nobody could have listed is better told by what is wrong with it. By its
            // form alone: what no allowed signer stands for does not reach the crypto library.
            _ = try PublicKeyForm(parsing: signature.keyBlob)
            throw SignatureError(.stranger, "the key is not in allowed_signers")
        }
        var lapse: SignatureError?
        for line in lines where line.maySign(for: namespace) {
            guard let reason = line.lapse(at: now) else { return line }
            lapse = lapse ?? reason
        }
        throw lapse
            ?? SignatureError(
                .notAllowed,
                "\(first.principalText.debugDescription) may not sign for \(namespace.rawValue);"
                    + " its line in allowed_signers has other namespaces"
            )
    }
}

extension Approval {
    fileprivate init(by signer: AllowedSigner, fingerprint: String) {
        self.init(
            principal: signer.principal,
            principals: signer.principals,
            keyType: signer.keyType,
            fingerprint: fingerprint,
            line: signer.line
        )
    }
}

package import Grants

/// What a signature is good for; the namespaces of ours.
package enum SignatureNamespace: String, Hashable, Sendable, CaseIterable {
    case grant = "jitgate-grant"
    case revocation = "jitgate-revocation"
}

/// One valid signature, by whom, and why it counts.
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

/// Bytes that allowed signers signed; only the verifier makes one.
package struct SignedPayload: Hashable, Sendable {
    package let bytes: [UInt8]
    package let namespace: SignatureNamespace
    /// One for each signature, in the order of the file.
    package let approvals: [Approval]
    /// SHA-256 of the whole file as it arrived, in hex.
    package let sha256: String
}

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
        var approvals: [Approval] = []
        var namespaces = Set<SignatureNamespace>()
        for blob in parts.signatures {
            let signature = try SSHSignature(parsing: blob)
            guard let namespace = SignatureNamespace(rawValue: signature.namespace) else {
                throw SignatureError(
                    .wrongNamespace,
                    "signed for \(signature.namespace.debugDescription); sign with -n jitgate-grant"
                        + " or -n jitgate-revocation"
                )
            }
            namespaces.insert(namespace)
            approvals.append(try approval(of: signature, at: now))
            try signature.verify(parts.payload)
        }
        guard let namespace = namespaces.first, namespaces.count == 1 else {
            throw SignatureError(.wrongNamespace, "the signatures are for different namespaces")
        }
        return SignedPayload(
            bytes: parts.payload,
            namespace: namespace,
            approvals: approvals,
            sha256: FileDigest.sha256(of: file)
        )
    }

    private func approval(
        of signature: SSHSignature,
        at now: Moment
    ) throws(SignatureError) -> Approval {
        let known = allowedSigners.entries(for: signature.keyBlob)
        let name = signature.fingerprint
        guard let first = known.first else {
            throw SignatureError(.stranger, "the key \(name) is not in allowed_signers")
        }
        let namespaced = known.filter { $0.namespaces?.matches(signature.namespace) ?? true }
        guard !namespaced.isEmpty else {
            let principal = first.principalText.debugDescription
            throw SignatureError(
                .notAllowed,
                "\(principal) (\(name)) may not sign for \(signature.namespace)"
            )
        }
        guard let entry = namespaced.first(where: { $0.isValid(at: now) }) else {
            let principal = first.principalText.debugDescription
            throw SignatureError(
                .notAllowed,
                "the key of \(principal) (\(name)) is not valid at \(now)"
            )
        }
        return Approval(
            principal: entry.principals.firstName ?? entry.principalText,
            principals: entry.principals,
            keyType: entry.keyType,
            fingerprint: name,
            line: entry.line
        )
    }
}

extension Sequence<UInt8> {
    /// Two lower-case digits a byte.
    var hex: String {
        map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

import Grants

/// A key that allowed_signers lists for a purpose, or an authority whose certified keys it does.
package struct ListedSigner: Sendable {
    package let identity: SignerIdentity
    /// The kinds of signatures that the key can make, or those of the keys that the authority certifies.
    package let kinds: [SignatureKind]
    /// The principals that the authority may certify for the purpose; empty for a key of its own.
    package let certifiable: [PatternList]

    package var isAuthority: Bool { !certifiable.isEmpty }

    /// A name for messages: of an authority a pattern, of a key that has only patterns its fingerprint.
    package var shownName: String {
        let patterns = isAuthority ? identity.tracedNames : []
        return identity.names.first ?? patterns.first ?? identity.fingerprint
    }
}

extension AllowedSigners {
    /// The keys and authorities of a namespace, valid at whatever time, in the order of their names.
    package func signers(for namespace: SignatureNamespace) -> [ListedSigner] {
        let plain = listed.compactMap { $0.signer(for: namespace, isAuthority: false) }
        let authorities = listedAuthorities.compactMap {
            $0.signer(for: namespace, isAuthority: true)
        }
        return (plain + authorities).sorted {
            ($0.shownName, $0.identity.fingerprint) < ($1.shownName, $1.identity.fingerprint)
        }
    }
}

extension ListedKey {
    fileprivate func signer(
        for namespace: SignatureNamespace,
        isAuthority: Bool
    ) -> ListedSigner? {
        let lines = lines.filter { $0.maySign(for: namespace) }
        guard let key = lines.first?.key else { return nil }
        return ListedSigner(
            identity: signer,
            kinds: isAuthority ? [.certificate, .webauthn] : [key.kind],
            certifiable: isAuthority ? lines.map(\.principals) : []
        )
    }
}

extension PublicKey {
    /// The kind of the signatures that it makes by itself, without a certificate.
    fileprivate var kind: SignatureKind { isPasskey ? .webauthn : isOnToken ? .sk : .key }
}

import Signatures

/// The keys that bulletins revoked: no signature counts that rests on one of them.
package struct BarredKeys: Hashable, Sendable {
    /// Such as `SHA256:…`.
    package private(set) var fingerprints: Set<String>

    package init(_ fingerprints: some Sequence<String> = []) {
        self.fingerprints = Set(fingerprints)
    }

    package mutating func insert(_ fingerprint: String) { fingerprints.insert(fingerprint) }

    package mutating func remove(_ fingerprint: String) { fingerprints.remove(fingerprint) }

    /// The revoked key that a signature rests on: its own, that of its certificate, or the CA's.
    func key(of signature: VerifiedSignature) -> String? {
        guard !fingerprints.isEmpty else { return nil }
        return [signature.fingerprint, signature.certificate?.authority].compactMap(\.self)
            .first(where: fingerprints.contains)
    }
}

/// The rules by which a valid signature counts on this host.
struct SignatureRules: Hashable, Sendable {
    let passkeys: PasskeyRules
    let barredKeys: BarredKeys

    /// The reason that a signature is as if it were not there; `nil` if it counts.
    func objection(to signature: VerifiedSignature) -> SignatureObjection? {
        if let key = barredKeys.key(of: signature) { return .revokedKey(key) }
        return passkeys.objection(to: signature)
    }
}

extension Rule {
    /// Tells a grant that lacks signatures because their keys were revoked from one that never had them.
    static let revokedKeys = Rule(name: SignatureObjection.keyRevoked) { item in
        let objections = item.payload.signatures.compactMap(item.signatures.objection)
        guard let first = objections.first(where: \.isRevokedKey), item.approvalGap != nil,
            !item.isAlarmRaised
        else { return nil }
        return ("signatures", "\(first)", first.remedy)
    }
}

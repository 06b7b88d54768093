package import Signatures

/// The passkeys whose signatures count on this host: `[webauthn]` of the policy.
package struct PasskeyRules: Hashable, Sendable {
    /// The origins of the pages on which they sign, such as `https://approve.example.com`.
    package var origins: [String]
    /// True if passkeys count that a provider synchronises.
    package var synced: Bool

    /// By default no passkey counts.
    package init(origins: [String] = [], synced: Bool = false) {
        self.origins = origins
        self.synced = synced
    }

    /// The reason that policy does not count a signature; `nil` if it does.
    package func objection(to signature: VerifiedSignature) -> SignatureObjection? {
        guard let browser = signature.browser else { return nil }
        // Strings are equal by their characters, origins by their bytes.
        guard origins.contains(where: { $0.utf8.elementsEqual(browser.origin.utf8) }) else {
            return .origin(browser.origin)
        }
        return browser.isSynced && !synced ? .synced : nil
    }
}

/// The reason that a host does not count a valid signature.
package enum SignatureObjection: Hashable, Sendable, CustomStringConvertible {
    /// It was made on a page that the policy does not list.
    case origin(String)
    /// A provider may synchronise the passkey.
    case synced
    /// A bulletin revoked the key, the key in its certificate, or the CA: the fingerprint.
    case revokedKey(String)

    /// The name of the refusal of a file that lacks what such keys signed.
    static let keyRevoked = "key-revoked"

    var isRevokedKey: Bool {
        if case .revokedKey = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .origin(let origin): "the page \(origin) is not in the policy's [webauthn] origins"
        case .synced: "a provider may synchronise the passkey, and [webauthn] synced is false"
        case .revokedKey(let key): "a bulletin revoked the key \(key)"
        }
    }

    /// A change that would let it count.
    package var remedy: String {
        switch self {
        case .origin: "sign on a listed page, or list this one"
        case .synced: "sign with a passkey that stays on its device, or set synced to true"
        case .revokedKey: "sign with another key"
        }
    }
}

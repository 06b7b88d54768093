import Grants

/// A permission of a person: a namespace of their line in allowed_signers (docs/PROTOCOL.hub, section 2).
enum Permission: String, Hashable, Sendable, CaseIterable {
    case login = "jitgate-login"
    case request = "jitgate-request"
    case grant = "jitgate-grant"
    case decision = "jitgate-decision"
    case revocation = "jitgate-revocation"
    case lockout = "jitgate-lockout"
    case review = "jitgate-review"
    case bulletin = "jitgate-bulletin"
    case audit = "jitgate-audit"
}

/// A person who is logged in.
struct Person: Hashable, Sendable {
    /// The proof of a call that it is this person's.
    enum Login: Hashable, Sendable {
        /// A token in the Authorization header, which no browser sends by itself.
        case bearer
        case cookie
        /// The user header of the proxy.
        case proxy
    }

    let name: String
    /// The fingerprint of the key that logged in, or of its authority; empty for a person of the proxy.
    let key: String
    let permissions: Set<Permission>
    let login: Login
    /// The SHA-256 of the session's token, in hex; `nil` for a person of the proxy.
    let session: String?

    /// True if the person has a key, so that what they ask can be signed.
    var isSigned: Bool { login != .proxy }

    func may(_ permission: Permission) -> Bool { permissions.contains(permission) }
}

import Grants

/// The purpose of a signature: the namespaces of jitgate (`ssh-keygen -Y sign -n`).
package enum SignatureNamespace: String, Hashable, Sendable, CaseIterable {
    /// Approves a grant.
    case grant = "jitgate-grant"
    case revocation = "jitgate-revocation"
    /// Shows that the requestor asks for a grant; approves nothing.
    case request = "jitgate-request"
    /// Reviews a break-glass grant.
    case review = "jitgate-review"
    /// Revokes by people, keys and sources, and ends bars.
    case lockout = "jitgate-lockout"
    /// Tells a whole fleet which grants and keys are revoked.
    case bulletin = "jitgate-bulletin"
    /// Logs in at a hub; no host knows it.
    case login = "jitgate-login"
    /// Denies or withdraws a request at a hub; no host knows it.
    case decision = "jitgate-decision"

    /// Returns true if signatures for both may stand in one file: requestors and approvers sign the
    /// same grant.
    func fits(beside other: Self) -> Bool { family == other.family }

    private var family: Self {
        switch self {
        case .grant, .request: .grant
        case .revocation, .lockout: .revocation
        case .review: .review
        case .bulletin: .bulletin
        case .login: .login
        case .decision: .decision
        }
    }

    /// True if a line of allowed_signers without `namespaces=` includes this namespace.
    ///
    /// Later namespaces must be named, so that no old line lets a key sign for more than it did.
    var isImplied: Bool { self == .grant || self == .revocation }

    /// Returns whether these rules of hosts know the namespace.
    func isKnown(under rules: RulesVersion) -> Bool {
        switch self {
        case .grant, .revocation: true
        case .request: rules >= .second
        case .review: rules >= .third
        // No record of earlier rules rests on a bulletin.
        case .lockout, .bulletin: rules >= .fourth
        // They are for a hub, which asks for them by name.
        case .login, .decision: false
        }
    }
}

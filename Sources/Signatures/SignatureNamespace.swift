import Grants

/// What a signature is good for; the namespaces of ours (`ssh-keygen -Y sign -n`).
package enum SignatureNamespace: String, Hashable, Sendable, CaseIterable {
    /// Approves a grant.
    case grant = "jitgate-grant"
    case revocation = "jitgate-revocation"
    /// Says that the requestor asks for a grant, and approves nothing.
    case request = "jitgate-request"

    /// The kind of file that it signs: a requestor signs a grant, as an approver does.
    var file: Self { self == .request ? .grant : self }

    /// True if a line of allowed_signers without `namespaces=` counts for it.
    ///
    /// A later namespace has to be named, so that no old line lets a key sign for more than it did.
    var isImplied: Bool { self == .grant || self == .revocation }

    /// Tells whether files could be signed for it by these rules.
    func isKnown(under rules: RulesVersion) -> Bool {
        self != .request || rules >= .second
    }
}

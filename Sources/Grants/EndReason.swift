/// The reason that a grant ended, in the words of the audit log.
package enum EndReason: String, Hashable, Sendable, CaseIterable {
    case expired
    case revoked
    case removed
    case superseded
    case policy
    /// The kernel refused to open it.
    case failed
    /// Root had the agent accept the wall clock after it had gone back.
    case clock
    /// A bulletin revoked a key that had signed it.
    case keyRevoked = "key-revoked"

    /// True if somebody asked for it.
    package var isRevocation: Bool { self == .revoked || self == .keyRevoked }
}

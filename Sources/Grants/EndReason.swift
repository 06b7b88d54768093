/// Why a grant ended; the words of the audit log.
package enum EndReason: String, Hashable, Sendable, CaseIterable {
    case expired
    case revoked
    case removed
    case superseded
    case policy
    /// The kernel would not open it.
    case failed
    /// Root had the agent take the wall clock's word, which had gone back.
    case clock
}

package import Grants

extension Lifecycle {
    /// One grant, with its phase.
    package struct Entry: Hashable, Sendable {
        package let id: GrantID
        /// `nil` for a grant of which this agent has not read the file, or that never came.
        package internal(set) var provenance: GrantProvenance?
        /// SHA-256 of its file, or of the file that revoked it before it came.
        package internal(set) var digest: String
        package internal(set) var phase: Phase
        /// The proof that it was signed, until its acceptance is on record.
        package internal(set) var evidence: Evidence?
        /// The people who asked for its end, until that is on record.
        package internal(set) var origin: RevocationOrigin?
        /// The grant in whose favour it ends, if it is superseded.
        package internal(set) var superseder: GrantID?

        package var grant: Grant? { provenance?.grant }

        /// The grants that end when it opens.
        var supersedes: [GrantID] {
            if case .unseen(let recorded) = phase.living { return recorded.supersedes }
            return grant?.supersedes ?? []
        }

        /// The openings that it holds while it is open.
        package var openings: [Opening] {
            if case .unseen(let recorded) = phase.living { return recorded.openings }
            return grant?.openings ?? []
        }
    }
}

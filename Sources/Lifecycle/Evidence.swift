/// The signed bytes of a file, and why its signatures count.
package struct Evidence: Hashable, Sendable {
    package let file: [UInt8]
    /// The lines of allowed_signers that the signatures rest on.
    package let signerLines: [String]
    /// The certificates of the signatures that have one, each with its signer.
    package let certificates: [String]
    /// The SHA-256 of the policy that was in force, in hex.
    package let policyDigest: String

    package init(
        file: [UInt8],
        signerLines: [String],
        certificates: [String] = [],
        policyDigest: String
    ) {
        self.file = file
        self.signerLines = signerLines
        self.certificates = certificates
        self.policyDigest = policyDigest
    }
}

/// The people who asked for the end of a grant, and their reason.
package struct RevocationOrigin: Hashable, Sendable {
    /// Such as `uid:0` or `signer:dana@example.com`.
    package let actors: [String]
    package let comment: String?
    /// The SHA-256 of the signed file that says so, in hex, if there is one.
    package let revocation: String?
    /// One of the records that a revocation causes carries its file.
    package var evidence: Evidence?

    package init(
        actors: [String],
        comment: String?,
        revocation: String? = nil,
        evidence: Evidence? = nil
    ) {
        self.actors = actors
        self.comment = comment
        self.revocation = revocation
        self.evidence = evidence
    }
}

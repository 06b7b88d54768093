/// The way on which a grant came to this host.
package enum GrantOrigin: String, Hashable, Sendable {
    /// A file in a drop directory: the grant ends when the file goes.
    case drop
    /// An offer in an inbox: from its acceptance on the log holds the grant, whatever becomes of the file.
    case inbox
}

/// A grant with the file that it came in and the people who signed it.
package struct GrantProvenance: Hashable, Sendable {
    package let grant: Grant
    /// SHA-256 of the whole file as it arrived, in hex.
    package let digest: String
    /// The principals whose signatures the file carries.
    package let signers: [String]
    /// The `[[approver]]` entries that let approvals count: number and principal of each.
    package let approvers: [String]
    /// The `[[approver]]` entries with an alarm that let in a break-glass grant, likewise; empty for any
    /// other.
    package let breakGlass: [String]
    /// The certificates of the signatures that have one, each with its signer.
    package let certificates: [String]
    /// The people and keys by which a revocation finds the grant.
    package let parties: GrantParties
    /// The path it came from.
    package let file: String
    package let origin: GrantOrigin

    package init(
        grant: Grant,
        digest: String,
        signers: [String],
        approvers: [String] = [],
        breakGlass: [String] = [],
        certificates: [String] = [],
        parties: GrantParties = GrantParties(),
        file: String,
        origin: GrantOrigin = .drop
    ) {
        self.grant = grant
        self.digest = digest
        self.signers = signers
        self.approvers = approvers
        self.breakGlass = breakGlass
        self.certificates = certificates
        self.parties = parties
        self.file = file
        self.origin = origin
    }
}

/// The people who signed a grant and their keys, as revocations name them.
package struct GrantParties: Hashable, Sendable {
    /// All names of all signers; a pattern of allowed_signers stands for itself.
    package let names: [String]
    /// The names of those who signed as the requestor.
    package let requestorNames: [String]
    /// The fingerprints of the keys, those in certificates, and their CAs.
    package let keys: [String]

    package init(names: [String] = [], requestorNames: [String] = [], keys: [String] = []) {
        self.names = names
        self.requestorNames = requestorNames
        self.keys = keys
    }
}

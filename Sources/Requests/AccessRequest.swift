package import Grants

/// A request for access: the payload of a grant, with a state (docs/PROTOCOL.hub, section 3).
package struct AccessRequest: Hashable, Sendable {
    /// The state as people see it.
    package enum State: String, Hashable, Sendable, CaseIterable {
        case pending
        case approved
        case published
        case open
        case ended
        case denied
        case withdrawn
        case lapsed

        /// True if nothing can change it any more.
        package var isOver: Bool {
            switch self {
            case .ended, .denied, .withdrawn, .lapsed: true
            case .pending, .approved, .published, .open: false
            }
        }
    }

    package let grant: Grant
    /// The bytes that are signed.
    package let payload: [UInt8]
    /// The SHA-256 of the payload, in hex.
    package let sha256: String
    /// The person who sent it.
    package let askedBy: String
    /// True if that person signed it.
    package let isSigned: Bool
    package let created: Moment
    /// The moment at which it is over if nobody approves it.
    package let lapses: Moment

    package init(
        _ grant: Grant,
        payload: [UInt8],
        sha256: String,
        askedBy: String,
        isSigned: Bool,
        created: Moment,
        lapses: Moment
    ) {
        (self.grant, self.payload, self.sha256) = (grant, payload, sha256)
        (self.askedBy, self.isSigned) = (askedBy, isSigned)
        (self.created, self.lapses) = (created, lapses)
    }
}

/// A signature under a request.
package struct CollectedSignature: Hashable, Sendable {
    /// SHA-256 of the armor, in hex.
    package let sha256: String
    package let armor: [UInt8]
    package let namespace: String
    package let signer: String
    /// The fingerprint of the key.
    package let key: String
    package let added: Moment

    package init(
        sha256: String,
        armor: [UInt8],
        namespace: String,
        signer: String,
        key: String,
        added: Moment
    ) {
        (self.sha256, self.armor, self.namespace) = (sha256, armor, namespace)
        (self.signer, self.key, self.added) = (signer, key, added)
    }
}

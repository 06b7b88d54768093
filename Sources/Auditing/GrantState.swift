package import Grants

/// A grant that was accepted and has not ended, as its records describe it.
package struct LiveGrant: Hashable, Sendable {
    package let id: GrantID
    /// SHA-256 of the whole file, in hex.
    package let digest: String
    /// The fields of the record that accepted it, without its evidence.
    package let fields: [AuditField: [String]]
    /// The agent's time when it was found valid; its signers had to be allowed then.
    package let acceptedAt: Moment
    /// The rules that let it in.
    package let rules: RulesVersion

    init(
        id: GrantID,
        digest: String,
        fields: [AuditField: [String]],
        acceptedAt: Moment,
        rules: RulesVersion
    ) {
        self.id = id
        self.digest = digest
        self.fields = fields
        self.acceptedAt = acceptedAt
        self.rules = rules
    }

    package var supersedes: [GrantID] {
        fields[.supersedes, default: []].compactMap { try? GrantID(parsing: $0) }
    }
    /// A record without it is of a file in a drop directory.
    package var origin: GrantOrigin {
        fields[.origin]?.first.flatMap(GrantOrigin.init) ?? .drop
    }
    package var requestor: String { fields[.requestor]?.first ?? "" }
    package var sources: [Prefix] {
        fields[.sources, default: []].compactMap { try? Prefix(parsing: $0) }
    }
    /// The people and keys behind it; of a grant from before they were recorded as far as known.
    package var parties: GrantParties {
        GrantParties(
            names: fields[.signerNames] ?? fields[.signers] ?? [],
            requestorNames: fields[.requestorNames] ?? [],
            keys: fields[.keys] ?? []
        )
    }
    package var ports: [Port] {
        fields[.ports, default: []].compactMap { try? Port(parsing: $0) }
    }

    package init(
        _ entry: AuditEntry,
        at moment: Moment,
        under rules: RulesVersion
    ) throws(RecordError) {
        id = try entry.grantID()
        digest = try entry.required(.digest)
        fields = entry.withoutEvidence.fields
        acceptedAt = moment
        self.rules = rules
    }
}

/// The state of one grant, by its records.
package enum GrantState: Hashable, Sendable {
    case accepted(LiveGrant)
    case open(LiveGrant, since: Moment, deadline: Moment)
    /// Of the digest the first 16 digits are still known.
    case ended(digest: String, reason: String)
    /// It may have ended: where that would be written cannot be read.
    case unreadable(why: String)

    /// `nil` once it has ended.
    package var live: LiveGrant? {
        switch self {
        case .accepted(let grant), .open(let grant, _, _): grant
        case .ended, .unreadable: nil
        }
    }
}

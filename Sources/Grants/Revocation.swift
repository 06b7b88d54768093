/// The content of a signed revocation: the grants that end now, and until when no such grant opens.
package struct Revocation: Hashable, Sendable {
    /// The longest time that a bar lasts, from the moment at which it was accepted.
    package static let longestBar = Duration.seconds(7 * 24 * 60 * 60)

    /// The name of the revocation itself.
    package let id: GrantID?
    package let hosts: [HostPattern]
    package let reason: String
    package let selection: RevocationSelection
    /// The end of the bar, as signed; `nil` for a revocation that is none.
    ///
    /// Only with an `id`.
    package let until: Moment?

    package init(
        id: GrantID? = nil,
        hosts: [HostPattern],
        reason: String,
        selection: RevocationSelection,
        until: Moment? = nil
    ) {
        self.id = id
        self.hosts = hosts
        self.reason = reason
        self.selection = selection
        self.until = until
    }

    /// True if it does no more than end grants by their ids.
    package var isNarrow: Bool { until == nil && selection.isOfIDsAlone }
}

/// The grants that a revocation is about: those that any of its lists matches.
package struct RevocationSelection: Hashable, Sendable {
    /// The most entries that all lists may have together.
    package static let limit = 1000

    package var ids: [GrantID] = []
    /// OpenSSH patterns without `!` and commas, to be compared without case.
    package var requestors: [String] = []
    package var signers: [String] = []
    /// Fingerprints, `SHA256:…`.
    package var keys: [String] = []
    package var sources: [Prefix] = []
    /// True if it is about every grant.
    package var all = false

    package init() {}

    package init(ids: [GrantID]) {
        self.ids = ids
    }

    package var isOfIDsAlone: Bool {
        !all && requestors.isEmpty && signers.isEmpty && keys.isEmpty && sources.isEmpty
    }

    package var isEmpty: Bool { isOfIDsAlone && ids.isEmpty }

    package var count: Int {
        ids.count + requestors.count + signers.count + keys.count + sources.count + (all ? 1 : 0)
    }
}

/// Revocations that are bars and end before their time.
package struct Unbar: Hashable, Sendable {
    package let ids: [GrantID]
    package let hosts: [HostPattern]
    package let reason: String

    package init(ids: [GrantID], hosts: [HostPattern], reason: String) {
        self.ids = ids
        self.hosts = hosts
        self.reason = reason
    }
}

/// A revocation that is in force as a bar: until its end nothing that it selects opens.
package struct Bar: Hashable, Sendable {
    /// The most bars that a host keeps.
    package static let limit = 1000

    package let id: GrantID
    /// The SHA-256 of its file, in hex; `nil` if root gave it by command.
    package let digest: String?
    package let selection: RevocationSelection
    package let until: Moment
    package let reason: String
    package let actors: [String]

    package init(
        id: GrantID,
        digest: String?,
        selection: RevocationSelection,
        until: Moment,
        reason: String,
        actors: [String]
    ) {
        self.id = id
        self.digest = digest
        self.selection = selection
        self.until = until
        self.reason = reason
        self.actors = actors
    }
}

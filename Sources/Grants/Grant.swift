/// The name of a grant, a UUID: one grant, once, ever.
package struct GrantID: Hashable, Sendable, Comparable {
    package let value: UInt128

    package init(value: UInt128) {
        self.value = value
    }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Which host a grant is for: a glob over host names, or one machine's id.
package enum HostPattern: Hashable, Sendable {
    /// `*` and `?` as in OpenSSH's patterns; compared without regard to ASCII case.
    case name(String)
    /// The 32 lower-case hex digits of machine-id(5).
    case machineID(String)
}

/// What a grant file says, once its bytes were found well-formed (docs/PROTOCOL.grant).
package struct Grant: Hashable, Sendable {
    package let id: GrantID
    package let hosts: [HostPattern]
    /// Who will come in.
    package let requestor: String
    package let justification: String?
    package let sources: [Prefix]
    package let ports: [Port]
    /// Opens no earlier; `nil` means at once.
    package let notBefore: Moment?
    /// Nothing of this grant holds at or after this moment.
    package let expires: Moment
    /// Counted from the first opening; the deadline is the earlier of the two.
    package let duration: Duration?

    package init(
        id: GrantID,
        hosts: [HostPattern],
        requestor: String,
        justification: String?,
        sources: [Prefix],
        ports: [Port],
        notBefore: Moment?,
        expires: Moment,
        duration: Duration?
    ) {
        self.id = id
        self.hosts = hosts
        self.requestor = requestor
        self.justification = justification
        self.sources = sources
        self.ports = ports
        self.notBefore = notBefore
        self.expires = expires
        self.duration = duration
    }

    /// When access ends if it begins at `opening`.
    package func deadline(openingAt opening: Moment) -> Moment {
        duration.map { min(expires, opening + $0) } ?? expires
    }
}

/// What a signed revocation says: these grants end now.
package struct Revocation: Hashable, Sendable {
    package let ids: [GrantID]
    package let hosts: [HostPattern]
    package let reason: String

    package init(ids: [GrantID], hosts: [HostPattern], reason: String) {
        self.ids = ids
        self.hosts = hosts
        self.reason = reason
    }
}

/// The name of a grant, a UUID that is used for one grant only, ever.
package struct GrantID: Hashable, Sendable, Comparable {
    package let value: UInt128

    package init(value: UInt128) {
        self.value = value
    }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// A random UUID (RFC 9562, version 4).
    package static func random(using generator: inout some RandomNumberGenerator) -> GrantID {
        let value = UInt128.random(in: 0 ... .max, using: &generator)
        let version = value & ~(0xF << 76) | 0x4 << 76
        return GrantID(value: version & ~(0x3 << 62) | 0x2 << 62)
    }
}

/// The hosts that a grant is for: a glob over host names, one machine's id, or labels.
package enum HostPattern: Hashable, Sendable {
    /// A glob with `*` and `?` as in OpenSSH's patterns; ASCII case does not matter.
    case name(String)
    /// The 32 lower-case hex digits of machine-id(5).
    case machineID(String)
    /// The labels that a host must have, all of them, by name.
    case labels([String: String])
}

/// The content of a well-formed grant file (docs/PROTOCOL.grant).
package struct Grant: Hashable, Sendable {
    package let id: GrantID
    package let hosts: [HostPattern]
    /// The person who will log in.
    package let requestor: String
    package let justification: String?
    package let sources: [Prefix]
    package let ports: [Port]
    /// The earliest opening; `nil` means at once.
    package let notBefore: Moment?
    /// The latest end: nothing of this grant holds at or after this moment.
    package let expires: Moment
    /// The longest access from the first opening; the deadline is the earlier of this and
    /// `expires`.
    package let duration: Duration?
    /// The change or incident that the access is for.
    package let ticket: String?
    /// The grants that end when this one opens.
    package let supersedes: [GrantID]

    package init(
        id: GrantID,
        hosts: [HostPattern],
        requestor: String,
        justification: String?,
        sources: [Prefix],
        ports: [Port],
        notBefore: Moment?,
        expires: Moment,
        duration: Duration?,
        ticket: String? = nil,
        supersedes: [GrantID] = []
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
        self.ticket = ticket
        self.supersedes = supersedes
    }

    /// The end of access that begins at `opening`.
    package func deadline(openingAt opening: Moment) -> Moment {
        duration.map { min(expires, opening + $0) } ?? expires
    }
}

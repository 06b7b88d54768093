package import Grants

/// Whether the gate denies or only records what it would deny.
package enum Mode: String, Hashable, Sendable {
    case observe
    case enforce
}

/// What becomes of sessions when the grant that let them in ends.
package enum Expiry: String, Hashable, Sendable {
    /// Cut at the deadline.
    case terminate
    /// They may end by themselves.
    case drain
}

/// What becomes of sessions that were there when enforcing began.
package enum ExistingSessionRule: Hashable, Sendable {
    /// They are reset.
    case reset
    /// They may end by themselves, and are reset after this time; `nil` for no limit.
    case keep(for: Duration?)

    /// Whether they may go on at all.
    package var keeps: Bool { self != .reset }

    /// For how long, at most; `nil` for no limit.
    package var limit: Duration? {
        guard case .keep(let limit) = self else { return .zero }
        return limit
    }
}

/// The rules for one protected port.
package struct PortRules: Hashable, Sendable {
    /// The longest time from opening to deadline.
    package var maxDuration: Duration
    /// The shortest prefix length a source may have, by family.
    package var widestIPv4: Int
    package var widestIPv6: Int
    /// When not empty, each source must lie inside one of these.
    package var allowedSources: [Prefix]
    /// How many distinct signers it takes.
    package var approvals: Int
    /// The requestor signs too, and is none of the approvers.
    package var separateRequestor: Bool
    package var requireJustification: Bool
    package var onExpiry: Expiry
    /// How long after the deadline the last session may go on where sessions drain.
    package var drainLimit = Duration.seconds(12 * 3600)

    package init(
        maxDuration: Duration,
        widestIPv4: Int,
        widestIPv6: Int,
        allowedSources: [Prefix],
        approvals: Int,
        separateRequestor: Bool,
        requireJustification: Bool,
        onExpiry: Expiry
    ) {
        self.maxDuration = maxDuration
        self.widestIPv4 = widestIPv4
        self.widestIPv6 = widestIPv6
        self.allowedSources = allowedSources
        self.approvals = approvals
        self.separateRequestor = separateRequestor
        self.requireJustification = requireJustification
        self.onExpiry = onExpiry
    }
}

/// What a grant is judged by, as read from the policy file.
package struct Policy: Hashable, Sendable {
    package var mode: Mode
    package var keepExisting: ExistingSessionRule
    /// Networks that are never denied.
    package var trusted: [Prefix]
    /// The protected ports, each with its rules.
    package var ports: [Port: PortRules]
    /// The most by which the end of a grant may lie further ahead than a port's `maxDuration`.
    package var maxWait: Duration

    package init(
        mode: Mode,
        keepExisting: ExistingSessionRule,
        trusted: [Prefix],
        ports: [Port: PortRules],
        maxWait: Duration
    ) {
        self.mode = mode
        self.keepExisting = keepExisting
        self.trusted = trusted
        self.ports = ports
        self.maxWait = maxWait
    }
}

/// The host that a grant must name.
package struct HostIdentity: Hashable, Sendable {
    package let hostname: String
    /// The 32 lower-case hex digits of machine-id(5).
    package let machineID: String

    package init(hostname: String, machineID: String) {
        self.hostname = hostname
        self.machineID = machineID
    }
}

package import Grants

/// The mode of the gate: it denies, or only records what it would deny.
package enum Mode: String, Hashable, Sendable, CaseIterable {
    case observe
    case enforce
}

/// The treatment of sessions when the grant that admitted them ends.
package enum Expiry: String, Hashable, Sendable {
    /// Resets them at the deadline.
    case terminate
    /// Lets them end by themselves.
    case drain
}

/// The treatment of sessions that existed when enforcement began.
package enum ExistingSessionRule: Hashable, Sendable {
    /// Resets them.
    case reset
    /// Lets them end by themselves, and resets them after this time; `nil` for no limit.
    case keep(for: Duration?)

    /// True if they may continue.
    package var keeps: Bool { self != .reset }

    /// The longest time they may continue; `nil` for no limit.
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
    /// The networks that must contain each source; empty for any.
    package var allowedSources: [Prefix]
    /// The number of distinct signers needed.
    package var approvals: Int
    /// True if the requestor must sign too and cannot approve.
    package var separateRequestor: Bool
    package var requireJustification: Bool
    /// The globs of which a grant's ticket must match one; empty if it needs none.
    package var requireTicket: [TicketPattern] = []
    /// The patterns of signers of which each needs a signer of its own.
    package var approvalsFrom: [NamePatterns] = []
    package var onExpiry: Expiry
    /// The longest time that sessions may drain after the deadline.
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

/// The policy that grants are judged by, as read from its file.
package struct Policy: Hashable, Sendable {
    package var mode: Mode
    package var keepExisting: ExistingSessionRule
    /// The networks that are never denied.
    package var trusted: [Prefix]
    /// The protected ports, each with its rules.
    package var ports: [Port: PortRules]
    /// The protected ports, in order.
    package var protectedPorts: [Port] { ports.keys.sorted() }
    /// The furthest that the end of a grant may lie ahead, beyond a port's `maxDuration`.
    package var maxWait: Duration
    /// The limits of some signers, in the order of the file.
    package var approvers: [Approver] = []
    /// The passkeys whose signatures count.
    package var passkeys = PasskeyRules()
    /// The fleet whose bulletins count here; `nil` if none does.
    package var freshness: FreshnessRule?

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
    /// The labels of the host's policy.
    package let labels: [String: String]

    package init(hostname: String, machineID: String, labels: [String: String] = [:]) {
        self.hostname = hostname
        self.machineID = machineID
        self.labels = labels
    }
}

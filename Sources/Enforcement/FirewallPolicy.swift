package import Grants

/// The settings of the gate, which follow from the policy alone, without openings.
package struct FirewallPolicy: Hashable, Sendable {
    /// True if packets that nothing admits are dropped (enforce), not only logged (observe).
    package let denies: Bool
    package let protected: [Port]
    package let trusted: [Prefix]
    /// The NFLOG group of jitgate.
    package let logGroup: UInt16
    package let deniedPerSecond: Int
    /// True if sessions at some port may continue past the deadline of their grant.
    package var drains = false
    /// True if connections are limited to plain TCP, the only kind that can be reset at both ends;
    /// depends on the kernel.
    var stripsMultipath = false
    /// True if the ends of published sessions are reset; depends on the kernel.
    var resetsEnds = false
    /// The time for which sessions older than the enforcement may continue; `nil` if they may not.
    package var keepExisting: Duration?

    package init(
        denies: Bool,
        protected: [Port],
        trusted: [Prefix],
        logGroup: UInt16,
        deniedPerSecond: Int
    ) {
        self.denies = denies
        self.protected = protected
        self.trusted = trusted
        self.logGroup = logGroup
        self.deniedPerSecond = deniedPerSecond
    }

    /// True if sessions may continue that no opening covers any more.
    var keepsSessions: Bool { denies && (keepExisting != nil || drains) }

    /// Returns whether this gate admits anybody without a grant whom another does not.
    package func admits(moreThan other: FirewallPolicy) -> Bool {
        guard other.denies else { return false }
        return !denies || !Set(other.protected).isSubset(of: protected)
            || !trusted.allSatisfy { network in other.trusted.contains { $0.contains(network) } }
    }
}

/// The names in the kernel; documentation and tests rely on them.
package enum GateNames {
    package static let table = "jitgate"
    package static let protected = "protected"
    package static let prerouting = "prerouting"
    package static let input = "input"
    package static let forward = "forward"
    package static let output = "output"
    /// The chain that refuses connections from strangers, before conntrack tracks them.
    package static let early = "early"
    /// The chain of packets from this host to itself.
    package static let loopback = "loopback"
    /// The chain of packets from a protected port.
    package static let outgoing = "outgoing"
    package static let gate = "gate"
    /// The gate for packets that DNAT took from a protected port.
    package static let published = "published"
    package static let admit = "admit"
    package static let refuse = "refuse"
    /// On trial: the chain of the new gate, and the set that keeps it in force.
    package static let trial = "trial"
    /// On trial: the chain of the gate that returns.
    package static let fallback = "fallback"

    /// The chains of one of the two gates: `received` and `published`.
    struct Gate: Hashable {
        let gate: String
        let trial: String
        let fallback: String
    }

    static let received = Gate(gate: gate, trial: trial, fallback: fallback)
    static let publishedChains = Gate(
        gate: published,
        trial: "trial_published",
        fallback: "fallback_published"
    )

    /// The chain that resets ended sessions behind DNAT.
    package static let ended = "ended"
    /// The chain of outgoing probes.
    package static let probes = "probes"
    /// The mark of a probe (SO_PRIORITY): "jitg", which needs a privilege and affects no routing.
    package static let probePriority: UInt32 = 0x6A69_7467
    /// The set that exists for a moment when an agent starts.
    static let probe = "probe"
    /// The log prefix of a packet that was denied, or would be.
    package static let deniedPrefix = "jitgate-denied"
    /// The log prefix of the packet by which the peer completed an admitted connection.
    package static let usedPrefix = "jitgate-used"
    /// The log prefix of an admitted packet that conntrack was told to ignore (notrack).
    package static let untrackedPrefix = "jitgate-untracked"
    /// The log prefix of an admitted packet of no connection that conntrack knows.
    package static let invalidPrefix = "jitgate-invalid"
}

package import Grants

/// Everything about the gate that is not an opening: what policy alone decides.
package struct GateShape: Hashable, Sendable {
    /// Whether a packet that nothing admits is dropped (enforce) or only logged (observe).
    package let denies: Bool
    package let protected: [Port]
    package let trusted: [Prefix]
    /// The NFLOG group of ours.
    package let logGroup: UInt16
    package let deniedPerSecond: Int
    /// Whether sessions may go on past the deadline of what let them in, at any port.
    package var drains = false
    /// Whether connections are kept to plain TCP, which alone can be reset at both ends: the kernel
    /// at hand decides.
    var stripsMultipath = false
    /// Whether the ends of published sessions are reset; likewise.
    var resetsEnds = false
    /// For how long sessions that were there when denying began may go on; `nil` for not at all.
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

    /// Whether sessions that nothing lets in anew may go on.
    var keepsSessions: Bool { denies && (keepExisting != nil || drains) }

    /// Whether somebody without a grant gets in by it who does not by another.
    package func admits(moreThan other: GateShape) -> Bool {
        guard other.denies else { return false }
        return !denies || !Set(other.protected).isSubset(of: protected)
            || !trusted.allSatisfy { network in other.trusted.contains { $0.contains(network) } }
    }
}

/// The names in the kernel; docs and tests rely on them.
package enum GateNames {
    package static let table = "jitgate"
    package static let protected = "protected"
    package static let prerouting = "prerouting"
    package static let input = "input"
    package static let forward = "forward"
    package static let output = "output"
    /// Strangers' connections are refused here, before conntrack knows of them.
    package static let early = "early"
    /// What goes out from a protected port.
    package static let outgoing = "outgoing"
    package static let gate = "gate"
    /// The gate for what DNAT took from a protected port.
    package static let published = "published"
    package static let admit = "admit"
    package static let refuse = "refuse"
    /// On trial: the gate that is tried, and the set that says that it still is.
    package static let trial = "trial"
    /// On trial: the gate that comes back.
    package static let fallback = "fallback"

    /// The chains of one of the two gates.
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

    /// What DNAT turned elsewhere and has ended.
    package static let ended = "ended"
    /// Probes that go out.
    package static let probes = "probes"
    /// What marks a probe (SO_PRIORITY): "jitg", which takes a privilege and routes nothing.
    package static let probePriority: UInt32 = 0x6A69_7467
    /// Is there for the blink of an eye when an agent starts.
    static let probe = "probe"
    /// What NFLOG puts before a packet that was denied, or would be.
    package static let deniedPrefix = "jitgate-denied"
    /// What NFLOG puts before the packet by which the peer completed an admitted connection.
    package static let usedPrefix = "jitgate-used"
    /// What NFLOG puts before an admitted packet that conntrack was told to leave alone.
    package static let untrackedPrefix = "jitgate-untracked"
    /// What NFLOG puts before an admitted packet of no connection that conntrack knows.
    package static let invalidPrefix = "jitgate-invalid"
}

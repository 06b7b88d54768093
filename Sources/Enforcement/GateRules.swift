import Grants
import Netfilter

/// The rules of the gate, from its shape and the prefix lengths in use.
extension GateShape {
    /// Raw: behind defragmentation (-400), before connection tracking (-200) makes an entry.
    static let preroutingHook = Hook(.prerouting, priority: -300)
    /// Where delivery is a fact, whatever routing table said so; before the filters of others (0).
    static let inputHook = Hook(.input, priority: -10)
    static let forwardHook = Hook(.forward, priority: -10)
    /// Mangle: behind connection tracking (-200), before NAT (-100).
    static let outputHook = Hook(.output, priority: -150)

    // The bits of IP_CT_ESTABLISHED and IP_CT_RELATED (NF_CT_STATE_BIT)
    private static let knownConnection: [UInt8] = Self.native(UInt32(1 << 1 | 1 << 2))

    /// A number as the kernel loads it into a register: in the machine's own order.
    static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        let bytes = (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        return Number(1).littleEndian == 1 ? bytes : bytes.reversed()
    }

    /// Connections that are being opened to a protected port.
    static let prerouting: [[Expression]] = [
        Test.opensConnection + KeyFields.received.isProtected + [.verdict(.goTo(GateNames.early))]
    ]

    /// What DNAT took from a protected port, by that one.
    private static let publishedGoToGate =
        Test.wasRewritten + Test.isOriginal + KeyFields.published.isProtected
        + [.verdict(.jump(GateNames.published))]

    /// All that is delivered here: by the port on the wire if that is protected, else by the local one.
    static let input: [[Expression]] = [
        Test.isLoopback + [.verdict(.accept)], publishedGoToGate,
        KeyFields.received.isProtected + [.verdict(.jump(GateNames.gate))],
    ]

    /// What DNAT turned to another host or container; all else is only routed.
    static let forward: [[Expression]] = [endedAreReset, publishedGoToGate]

    /// What goes out from a protected port.
    static let output: [[Expression]] = [
        Test.goesToLoopback + [.verdict(.accept)],
        KeyFields.sent.isProtected + [.verdict(.jump(GateNames.outgoing))],
    ]

    /// What may pass by an opening, by trust or by having been let in before; then the refusal.
    ///
    /// Openings come first: their sets are the fastest, and what passes by one is recorded.
    func gate(_ sources: [SourceSet], _ fields: KeyFields) -> [[Expression]] {
        sources.map { $0.lookup(fields) + [.verdict(.goTo(GateNames.admit))] }
            + passing(fields, isFallback: false) + [[.verdict(.goTo(GateNames.refuse))]]
    }

    /// What passes whether or not anything is open: none of it is logged.
    func passing(_ fields: KeyFields, isFallback: Bool) -> [[Expression]] {
        let passes: [Expression] = [.verdict(.accept)]
        let trusted = TrustedSet.all(isFallback: isFallback).map { $0.lookup(fields) + passes }
        let ongoing = SessionSet.all.map { $0.rule(fields) }
        return plainTCP + trusted + Replies.rules + ongoing
    }

    /// Takes the option from a SYN without which both ends fall back to plain TCP (RFC 8684): the end
    /// of an MPTCP connection cannot be brought about from outside, and both ends would hang.
    private var plainTCP: [[Expression]] {
        stripsMultipath ? [Test.opensConnection + [.stripMultipath]] : []
    }

    /// What an opening covers: who came is logged once a connection, and all of it passes.
    var admit: [[Expression]] { plainTCP + useLogging + [[.verdict(.accept)]] }

    /// Logs some of what nothing admits and counts all of it; a chain of its own, so that the count
    /// stays when other rules change.
    ///
    /// What belongs to a connection is no attempt: in observe mode all of a session comes by here.
    var refuse: [[Expression]] {
        [
            [
                .tracking(.state, into: 1), .mask(1, Self.knownConnection),
                .equal(1, [0, 0, 0, 0]),
                .limit(perSecond: UInt64(deniedLogRate), burst: UInt32(deniedLogRate) * 2),
                .log(group: logGroup, prefix: GateNames.deniedPrefix),
            ],
            [.counter(Traffic()), .verdict(denies ? .drop : .accept)],
        ]
    }
}

import Grants
import Netfilter

/// The rules of the gate, from its shape and the prefix lengths in use.
extension FirewallPolicy {
    /// The early hook: raw, after defragmentation (-400), before conntrack (-200) makes an entry.
    static let preroutingHook = Hook(.prerouting, priority: -300)
    /// The hook where a packet is surely for this host, after routing; before other filters (0).
    static let inputHook = Hook(.input, priority: -10)
    static let forwardHook = Hook(.forward, priority: -10)
    /// The hook of outgoing packets: mangle, after connection tracking (-200), before NAT (-100).
    static let outputHook = Hook(.output, priority: -150)

    // The bits of IP_CT_ESTABLISHED and IP_CT_RELATED (NF_CT_STATE_BIT)
    private static let knownConnection: [UInt8] = Self.native(UInt32(1 << 1 | 1 << 2))

    /// A number in the form of a kernel register: in host byte order.
    static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        let bytes = (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        return Number(1).littleEndian == 1 ? bytes : bytes.reversed()
    }

    /// Sends packets that begin a connection to a protected port to the early refusal.
    static let prerouting: [[Expression]] = [
        Test.opensConnection + KeyFields.received.isProtected + [.verdict(.goTo(GateNames.early))]
    ]

    /// Sends packets that DNAT took from a protected port to the gate, by their original port.
    private static let publishedGoToGate =
        Test.wasRewritten + Test.isOriginal + KeyFields.published.isProtected
        + [.verdict(.jump(GateNames.published))]

    /// Checks all packets to this host: by the port on the wire if it is protected, else by the
    /// local one.
    static let input: [[Expression]] = [
        Test.isLoopback + [.verdict(.accept)], publishedGoToGate,
        KeyFields.received.isProtected + [.verdict(.jump(GateNames.gate))],
    ]

    /// Checks packets that DNAT redirected to another host or container; all others are only
    /// routed.
    static let forward: [[Expression]] = [endedAreReset, publishedGoToGate]

    /// Handles packets from a protected port.
    static let output: [[Expression]] = [
        Test.goesToLoopback + [.verdict(.goTo(GateNames.loopback))],
        KeyFields.sent.isProtected + [.verdict(.jump(GateNames.outgoing))],
    ]

    /// Admits packets of this host's own sockets; looks up those that the kernel sends under a foreign
    /// address, as synproxy does, like packets from outside.
    ///
    /// Only on the way out does a packet still have its socket, which is tested first: `fib` does not
    /// know link-local addresses over loopback, nor IPv4 addresses local by another routing table.
    static let loopback: [[Expression]] = [
        Test.continuesConnection + [.verdict(.accept)], Test.hasSocket + [.verdict(.accept)],
        KeyFields.received.isProtected + Test.isFromElsewhere
            + [.verdict(.jump(GateNames.gate))],
        [.verdict(.accept)],
    ]

    /// Admits packets by an opening, by trust or by an ongoing session, and refuses the rest.
    ///
    /// Openings come first: their sets are the fastest, and packets that pass by one are recorded.
    func gate(_ sources: [SourceSet], _ fields: KeyFields) -> [[Expression]] {
        sources.map { $0.lookup(fields) + [.verdict(.goTo(GateNames.admit))] }
            + passing(fields, isFallback: false) + [[.verdict(.goTo(GateNames.refuse))]]
    }

    /// Accepts packets that pass without an opening; none of them is logged.
    func passing(_ fields: KeyFields, isFallback: Bool) -> [[Expression]] {
        let passes: [Expression] = [.verdict(.accept)]
        let trusted = TrustedSet.all(isFallback: isFallback).map { $0.lookup(fields) + passes }
        let ongoing = SessionSet.all.map { $0.rule(fields) }
        return plainTCP + trusted + Replies.rules + ongoing
    }

    /// Strips from a SYN the MPTCP option, without which both ends fall back to plain TCP (RFC
    /// 8684): nobody outside can end an MPTCP connection, and both ends of one would hang.
    private var plainTCP: [[Expression]] {
        stripsMultipath ? [Test.opensConnection + [.stripMultipath]] : []
    }

    /// Accepts packets that an opening covers, and logs one packet of each connection.
    var admit: [[Expression]] { plainTCP + useLogging + [[.verdict(.accept)]] }

    /// Logs some refused packets and counts all; in a chain of its own, so that the counter
    /// survives changes of other rules.
    ///
    /// Packets of an established connection are no attempts: in observe mode all of a session gets
    /// here.
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

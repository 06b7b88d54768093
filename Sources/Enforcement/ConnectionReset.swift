import Grants
import Netfilter

/// The sessions of one family whose ends are reset when they next say something: those that DNAT
/// turned to another host or container, whose sockets are not this host's.
struct EndedSet: Hashable {
    let family: Address.Family

    static let all = [Self(family: .ipv4), Self(family: .ipv6)]

    var name: String { family == .ipv4 ? "ended_ipv4" : "ended_ipv6" }

    /// Keyed as sessions are that may go on.
    var definition: SetDefinition {
        let keys = SessionSet(family: family).definition
        return SetDefinition(
            name: name,
            keyType: keys.keyType,
            keyLength: keys.keyLength,
            kind: .timed
        )
    }

    /// Answers either end with a reset, which only then has the number that the end takes.
    var rules: [[Expression]] {
        let words = SourceSet.wordsBehindAddress(family)
        let port = KeyFields.published.port(into: words.1)
        let isEnded: [Expression] = [port, .lookup(1, set: name), .resetConnection]
        return [
            Test.continuesConnection + Test.isOriginal + KeyFields.published.peer(family)
                + [KeyFields.peerPort(into: words.0)] + isEnded,
            Test.continuesConnection + Test.isReply + KeyFields.sent.peer(family)
                + [.payload(.transport, offset: 2, count: 2, into: words.0)] + isEnded,
        ]
    }
}

extension Expression {
    /// The option of MPTCP (RFC 8684).
    static let stripMultipath = Self.stripOption(30)
}

extension GateShape {
    /// What is looked up among what has ended.
    var ended: [[Expression]] { resetsEnds ? EndedSet.all.flatMap(\.rules) : [] }

    /// Raw: before connection tracking (-200).
    static let probesHook = Hook(.output, priority: -300)

    /// Probes are in the name of others: conntrack would take them for packets of a connection.
    static let probes: [[Expression]] = [
        [
            .meta(.priority, into: 1), .equal(1, native(GateNames.probePriority)), .untracked,
            .verdict(.accept),
        ]
    ]

    /// What DNAT took from a protected port, in both directions, is looked up among what has ended.
    static let endedAreReset =
        Test.wasRewritten + KeyFields.published.isProtected + [.verdict(.jump(GateNames.ended))]
}

extension KernelGate {
    /// How long the ends of a session that has ended are reset.
    private static let lastWords: Int64 = 60_000

    /// From now on, for a while, each end of these sessions is reset when it says something.
    package mutating func reset(_ sessions: [OngoingSession]) throws(GateError) {
        var plan = Plan()
        for session in sessions {
            let element = Margin.element(session.keyBytes, left: Self.lastWords)
            plan.added[EndedSet(family: session.peer.family).name, default: []].append(element)
        }
        guard !plan.isEmpty, shape != nil else { return }
        try commit(plan, "reset sessions", onlyAt: nil)
    }
}

import Grants
import Netfilter

/// The sessions of one family whose ends are reset when they next send: those that DNAT redirected
/// to another host or container, whose sockets are not this host's.
struct EndedSessionSet: Hashable {
    let family: Address.Family

    static let all = [Self(family: .ipv4), Self(family: .ipv6)]

    var name: String { family == .ipv4 ? "ended_ipv4" : "ended_ipv6" }

    /// The set, with the same key as the sets of ongoing sessions.
    var definition: SetDefinition {
        let keys = SessionSet(family: family).definition
        return SetDefinition(
            name: name,
            keyType: keys.keyType,
            keyLength: keys.keyLength,
            kind: .timed
        )
    }

    /// Answers either end with a reset, which thus has the sequence number that the end accepts.
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
    /// Strips the option of MPTCP (RFC 8684).
    static let stripMultipath = Self.stripOption(30)
}

extension FirewallPolicy {
    /// The rules that look packets up among the ended sessions.
    var ended: [[Expression]] { resetsEnds ? EndedSessionSet.all.flatMap(\.rules) : [] }

    /// The hook of the probes: raw, before connection tracking (-200).
    static let probesHook = Hook(.output, priority: -300)

    /// Probes carry the addresses of others: conntrack would take them for packets of a connection.
    static let probes: [[Expression]] = [
        [
            .meta(.priority, into: 1), .equal(1, native(GateNames.probePriority)), .untracked,
            .verdict(.accept),
        ]
    ]

    /// Looks up packets that DNAT took from a protected port, in both directions, among ended
    /// sessions.
    static let endedAreReset =
        Test.wasRewritten + KeyFields.published.isProtected + [.verdict(.jump(GateNames.ended))]
}

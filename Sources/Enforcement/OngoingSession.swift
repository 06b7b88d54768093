package import Grants
import Netfilter

/// A TCP session at a protected port that may continue though no new one is admitted.
///
/// It is identified by its ends alone, not by conntrack: conntrack may hold dead sessions, and it
/// can be flushed.
package struct OngoingSession: Hashable, Sendable {
    package let peer: Address
    package let peerPort: UInt16
    /// The port that it was sent to.
    package let port: Port

    /// Makes a session; `nil` except for TCP: nothing separates the datagrams of one session from
    /// those of the next.
    package init?(peer: Address, peerPort: UInt16, port: Port) {
        guard port.transport == .tcp else { return nil }
        self.peer = peer
        self.peerPort = peerPort
        self.port = port
    }

    /// The name of the set of its family.
    var set: String { SessionSet(family: peer.family).name }

    /// Its key in that set.
    var keyBytes: [UInt8] {
        peer.networkBytes
            + [peerPort, port.number].flatMap {
                [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0), 0, 0]
            }
    }

    /// Makes the session of a set's key; `nil` for a malformed key.
    init?(key: [UInt8]) {
        let tail = Array(key.suffix(8))
        guard tail.count == 8, let peer = Address(networkBytes: key.dropLast(8)),
            let port = Port(number: UInt16(tail[4]) << 8 | UInt16(tail[5]), transport: .tcp)
        else { return nil }
        self.init(peer: peer, peerPort: UInt16(tail[0]) << 8 | UInt16(tail[1]), port: port)
    }
}

/// The set of the ongoing sessions of one family, each with its remaining time.
struct SessionSet: Hashable {
    let family: Address.Family

    static let all = [Self(family: .ipv4), Self(family: .ipv6)]

    var name: String { family == .ipv4 ? "sessions_ipv4" : "sessions_ipv6" }

    var definition: SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.concatenated(
                KeyType.address(family),
                KeyType.service,
                KeyType.service
            ),
            keyLength: family == .ipv4 ? 12 : 24,
            kind: .timed
        )
    }

    /// Accepts their packets and nothing new: a segment that opens a connection is never looked up.
    func rule(_ fields: KeyFields) -> [Expression] {
        let words = SourceSet.wordsBehindAddress(family)
        return Test.continuesConnection + fields.peer(family) + [
            KeyFields.peerPort(into: words.0), fields.port(into: words.1),
            .lookup(1, set: name), .verdict(.accept),
        ]
    }
}

/// The ongoing sessions and their ends.
///
/// The kernel has them with timeouts; they are remembered here too, since a removed table takes its
/// elements with it.
struct OngoingSessions {
    private(set) var ends: [String: [[UInt8]: ContinuousClock.Instant]] = [:] {
        didSet {
            version += 1
            firstEnd = ends.values.compactMap { $0.values.min() }.min()
        }
    }
    /// A number that changes with each change of the sessions.
    private(set) var version = 0
    /// The end of the first session to end.
    private(set) var firstEnd: ContinuousClock.Instant?

    mutating func add(_ sessions: [OngoingSession], until end: ContinuousClock.Instant) {
        var ends = ends
        for session in sessions { ends[session.set, default: [:]][session.keyBytes] = end }
        self.ends = ends
    }

    /// Sets the time for which sessions may continue from now; `nil` for none.
    mutating func apply(
        _ change: [OngoingSession: Duration?],
        at now: ContinuousClock.Instant
    ) {
        guard !change.isEmpty else { return }
        var ends = ends
        for (session, left) in change {
            ends[session.set, default: [:]][session.keyBytes] = left.map { now + $0 }
        }
        self.ends = ends
    }

    /// Adopts the sessions that the kernel held before this agent ran.
    mutating func adopt(_ observed: RulesetSnapshot, at now: ContinuousClock.Instant) {
        var ends = ends
        for set in SessionSet.all.map(\.name) {
            for element in observed.elements[set] ?? [] {
                ends[set, default: [:]][element.key] = now + TimeoutSlack.left(of: element)
            }
        }
        self.ends = ends
    }

    mutating func remove(_ keys: [String: [[UInt8]]]) {
        var ends = ends
        for (set, keys) in keys {
            for key in keys { ends[set]?[key] = nil }
        }
        self.ends = ends
    }

    mutating func removeAll() {
        if !ends.isEmpty { ends = [:] }
    }

    func end(of session: OngoingSession) -> ContinuousClock.Instant? {
        ends[session.set]?[session.keyBytes]
    }

    func contains(_ session: OngoingSession, at now: ContinuousClock.Instant) -> Bool {
        end(of: session).map { $0 > now } ?? false
    }
}

extension Firewall {
    /// Returns whether a session may continue though no new one is admitted.
    package func keeps(_ session: OngoingSession?) -> Bool {
        session.map { sessions.contains($0, at: .now) } ?? false
    }

    /// Removes the matching sessions, which may no longer continue.
    package mutating func forget(where isMeant: (OngoingSession) -> Bool) throws(GateError) {
        var plan = RulesetChange()
        for (set, keys) in sessions.ends {
            let meant = keys.keys.filter { OngoingSession(key: $0).map(isMeant) ?? false }
            if !meant.isEmpty { plan.removed[set] = meant.map { SetElement(key: $0) } }
        }
        guard !plan.isEmpty else { return }
        try commit(plan, "end sessions", onlyAt: nil)
        sessions.remove(plan.removed.mapValues { $0.map(\.key) })
    }
}

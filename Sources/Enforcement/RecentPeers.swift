import Grants
import Netfilter

/// The set of sources of one prefix length that could recently send datagrams to this host.
///
/// UDP does not show who began: a datagram from this host to such a peer may belong to an exchange
/// that an opening admitted, and then the answer is no reply.
struct RecentSet: Hashable, Comparable {
    let sources: SourceSet

    static let memory = Duration.seconds(24 * 60 * 60)

    static func < (left: Self, right: Self) -> Bool { left.sources < right.sources }

    var name: String { "recent_\(sources.name)" }

    var definition: SetDefinition {
        let keys = sources.definition
        return SetDefinition(
            name: name,
            keyType: keys.keyType,
            keyLength: keys.keyLength,
            kind: .timed
        )
    }

    /// Matches packets that are sent to one of them.
    var lookup: [Expression] { sources.lookup(.sent, in: name) }
}

/// The openings of UDP ports in the last 24 hours, and the time until which each is remembered.
struct RecentPeers {
    private(set) var ends: [RecentSet: [[UInt8]: ContinuousClock.Instant]] = [:]
    private var sizeToPrune = 1024

    var sets: [RecentSet] { ends.keys.sorted() }

    /// Adopts the peers that the kernel held before this agent ran.
    mutating func adopt(_ observed: RulesetSnapshot, at now: ContinuousClock.Instant) {
        for (name, elements) in observed.elements where name.hasPrefix("recent_") {
            guard let sources = SourceSet(name: String(name.dropFirst("recent_".count))) else {
                continue
            }
            for element in elements {
                let end = now + TimeoutSlack.left(of: element)
                ends[RecentSet(sources: sources), default: [:]][element.key] = end
            }
        }
    }

    /// Remembers openings with these remaining times; returns those whose end has changed.
    mutating func add(
        _ openings: [Opening: Duration],
        at now: ContinuousClock.Instant
    ) -> [RecentSet: [[UInt8]: ContinuousClock.Instant]] {
        var changed: [RecentSet: [[UInt8]: ContinuousClock.Instant]] = [:]
        for (opening, left) in openings where opening.port.transport == .udp {
            let set = RecentSet(sources: SourceSet(opening.source))
            let end = now + left + RecentSet.memory
            guard ends[set]?[opening.keyBytes].map({ $0 < end }) ?? true else { continue }
            ends[set, default: [:]][opening.keyBytes] = end
            changed[set, default: [:]][opening.keyBytes] = end
        }
        prune(at: now)
        return changed
    }

    /// Removes expired entries; rarely, since it visits all of them.
    private mutating func prune(at now: ContinuousClock.Instant) {
        guard ends.values.reduce(0, { $0 + $1.count }) >= sizeToPrune else { return }
        ends = ends.mapValues { $0.filter { $0.value > now } }
        sizeToPrune = max(1024, 2 * ends.values.reduce(0) { $0 + $1.count })
    }
}

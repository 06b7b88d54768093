package import Grants
import Netfilter

/// Peers that sent datagrams without an opening: before the port was denied, or from a network that
/// is no longer trusted. As with openings, datagrams from this host to them do not make theirs
/// replies.
extension Firewall {
    /// The UDP ports that became denied since the last call.
    package mutating func takeBeginnings() -> [Port] {
        defer { beginnings = [] }
        return beginnings.filter { $0.transport == .udp }.sorted()
    }

    /// Remembers for a day that these senders could reach UDP ports.
    package mutating func remember(senders: [Port: Set<Address>]) throws(GateError) {
        try remember(peers: FormerPeers.all(senders))
    }

    /// Remembers for a day that every sender could reach these UDP ports.
    package mutating func rememberEverybody(at ports: [Port]) throws(GateError) {
        try remember(peers: FormerPeers.everybody(at: ports))
    }

    private mutating func remember(peers: Set<Opening>) throws(GateError) {
        guard let shape, !peers.isEmpty else { return }
        let before = use(shape, inUse)
        let times = Dictionary(uniqueKeysWithValues: peers.map { ($0, Duration.zero) })
        var change = RulesetChange()
        change.refresh(recent.add(times, at: .now), at: .now)
        let prefilter = prefilter
        change.change(before, to: use(shape, inUse)) { family, _ in prefilter.isBlind(family) }
        guard !change.isEmpty else { return }
        try table.commit(change, "remember the peers of UDP ports", onlyAt: nil)
    }
}

/// The peers that could send datagrams, written as openings.
enum FormerPeers {
    /// The most peers remembered one by one; more are remembered by wider networks.
    private static let limit = 4096

    static func all(_ senders: [Port: Set<Address>]) -> Set<Opening> {
        let openings = senders.flatMap { port, addresses in
            addresses.map {
                Opening(source: Prefix(covering: $0, length: $0.family.bitCount), port: port)
            }
        }
        return bounded(Set(openings))
    }

    static func everybody(at ports: [Port]) -> Set<Opening> {
        let all = Address.Family.allCases.map {
            Prefix(covering: Address(family: $0, value: 0), length: 0)
        }
        return Set(ports.flatMap { port in all.map { Opening(source: $0, port: port) } })
    }

    /// The networks that were trusted and are no longer, at each UDP port.
    static func losingTrust(_ before: [Prefix], _ next: FirewallPolicy) -> [Opening: Duration] {
        let covered = Set(next.trusted)
        let lost = before.filter { network in
            !covered.contains(network) && !next.trusted.contains { $0.contains(network) }
        }
        let ports = next.protected.filter { $0.transport == .udp }
        let openings = lost.flatMap { network in
            ports.map { Opening(source: network, port: $0) }
        }
        return Dictionary(uniqueKeysWithValues: bounded(Set(openings)).map { ($0, .zero) })
    }

    /// The openings, merged into wider networks until they are few enough for the kernel.
    static func bounded(_ openings: Set<Opening>) -> Set<Opening> {
        var bounded = openings
        for (ipv4, ipv6) in [(24, 56), (16, 32), (0, 0)] where bounded.count > limit {
            bounded = Set(
                bounded.map { opening in
                    let source = opening.source
                    let most = source.family == .ipv4 ? ipv4 : ipv6
                    let length = min(source.length, most)
                    let wider = Prefix(covering: source.address, length: length)
                    return Opening(source: wider, port: opening.port)
                }
            )
        }
        return bounded
    }
}

extension TrustedSet {
    /// The networks in the trusted sets of a table.
    static func networks(in observed: RulesetSnapshot) -> [Prefix] {
        all().flatMap { set in
            set.ranges(of: observed.elements[set.name] ?? []).flatMap(set.networks)
        }
    }

    private func ranges(of elements: [ElementState]) -> [ClosedRange<UInt128>] {
        let last = Prefix.mask(length: family.bitCount, family: family)
        let found = elements.compactMap { element in
            Address(networkBytes: element.key[...])
                .map { (at: $0.value, isEnd: element.endsInterval) }
        }
        let marks = found.sorted { $0.at < $1.at }
        return marks.indices.compactMap { index in
            guard !marks[index].isEnd else { return nil }
            let next = index + 1 < marks.count ? marks[index + 1].at - 1 : last
            return marks[index].at...max(marks[index].at, next)
        }
    }

    /// The largest networks that together make up a range.
    private func networks(_ range: ClosedRange<UInt128>) -> [Prefix] {
        var networks: [Prefix] = []
        var first = range.lowerBound
        while first <= range.upperBound {
            let room = range.upperBound - first
            var bits = min(first.trailingZeroBitCount, family.bitCount)
            while bits > 0, UInt128.max >> UInt128(128 - bits) > room { bits -= 1 }
            let address = Address(family: family, value: first)
            networks.append(Prefix(covering: address, length: family.bitCount - bits))
            let (next, isOver) = first.addingReportingOverflow(1 << UInt128(min(bits, 127)))
            guard !isOver, bits < 128 else { break }
            first = next
        }
        return networks
    }
}

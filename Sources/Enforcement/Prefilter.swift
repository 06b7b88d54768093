import Grants
import Netfilter

/// The blocks of addresses (a /24, a /48) that contain openings and trusted networks for TCP.
///
/// A source outside all blocks can only be refused, by one look-up and before conntrack makes an
/// entry. Inside a block the gate checks the exact address.
struct Prefilter {
    /// The number of networks in use in each block.
    private var counts: [Block: Int] = [:]
    /// The number of openings in use that are too wide for blocks.
    private var wide: [Address.Family: Int] = [:]

    struct Block: Hashable {
        let address: Address

        var set: PrefilterSet { PrefilterSet(family: address.family) }
        var element: SetElement { SetElement(key: address.networkBytes) }
    }

    /// The change of the counts when openings open and close.
    struct Change {
        fileprivate(set) var counts: [Block: Int] = [:]
        fileprivate(set) var wide: [Address.Family: Int] = [:]

        /// Counts an opening of TCP; only TCP has packets that can be refused without further
        /// checks.
        mutating func add(_ opening: Opening, times: Int) {
            if opening.port.transport == .tcp { add(opening.source, times: times) }
        }

        mutating func add(_ network: Prefix, times: Int) {
            let blocks = PrefilterSet(family: network.family).blocks(of: network)
            guard let blocks else { return wide[network.family, default: 0] += times }
            for block in blocks { counts[block, default: 0] += times }
        }
    }

    init() {}

    /// Omits trusted networks that are too wide: the gate looks those up in a set.
    init(openings: some Sequence<Opening>, trusted: some Sequence<Prefix>) {
        var change = Change()
        for opening in openings { change.add(opening, times: 1) }
        for network in trusted where !PrefilterSet.isTooWide(network) {
            change.add(network, times: 1)
        }
        apply(change)
    }

    mutating func apply(_ change: Change) {
        for (block, count) in change.counts {
            let sum = counts[block, default: 0] + count
            counts[block] = sum > 0 ? sum : nil
        }
        wide.merge(change.wide, uniquingKeysWith: +)
    }

    /// Returns whether a family has openings too wide for blocks, after a change.
    func isBlind(_ family: Address.Family, after change: Change = Change()) -> Bool {
        wide[family, default: 0] + change.wide[family, default: 0] > 0
    }

    /// The blocks that a change brings into use, and those that it takes out of use.
    func difference(_ change: Change) -> (new: [Block], gone: [Block]) {
        var (new, gone): ([Block], [Block]) = ([], [])
        for (block, count) in change.counts {
            let before = counts[block, default: 0]
            if before == 0, count > 0 { new.append(block) }
            if before > 0, before + count <= 0 { gone.append(block) }
        }
        return (new, gone)
    }

    /// The elements of the set of one family.
    func elements(_ family: Address.Family) -> Set<SetElement> {
        Set(counts.keys.lazy.filter { $0.address.family == family }.map(\.element))
    }
}

/// The hash set of the blocks of one family.
struct PrefilterSet: Hashable {
    let family: Address.Family

    static let all = [Self(family: .ipv4), Self(family: .ipv6)]

    /// A network covers 256 blocks at most; a wider one is in none.
    private static let bits = 8
    private var length: Int { family == .ipv4 ? 24 : 48 }

    var name: String { family == .ipv4 ? "prefilter_ipv4" : "prefilter_ipv6" }

    var definition: SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.address(family),
            keyLength: family == .ipv4 ? 4 : 16,
            kind: .constant
        )
    }

    static func isTooWide(_ network: Prefix) -> Bool {
        network.length < Self(family: network.family).length - bits
    }

    /// Matches packets from a block in use.
    var lookup: [Expression] {
        let mask = Address(family: family, value: Prefix.mask(length: length, family: family))
        return KeyFields.received.peer(family) + [
            .mask(1, mask.networkBytes), .lookup(1, set: name),
        ]
    }

    /// The blocks that contain a network or lie in it; `nil` if these are too many.
    func blocks(of network: Prefix) -> [Prefilter.Block]? {
        guard network.length < length else {
            let covering = Prefix(covering: network.address, length: length)
            return [Prefilter.Block(address: covering.address)]
        }
        guard !Self.isTooWide(network) else { return nil }
        let size = UInt128(1) << UInt128(family.bitCount - length)
        return (0..<UInt128(1) << UInt128(length - network.length)).map { number in
            let value = network.address.value + number * size
            return Prefilter.Block(address: Address(family: family, value: value))
        }
    }
}

extension FirewallPolicy {
    /// Refuses connections that strangers open to this host itself, which nothing else could admit.
    ///
    /// If the routing table `local` does not call the address this host's (a VRF, a policy rule, a
    /// router), the packet continues to the gate at its hook `input` or `forward`.
    func early(isBlind: (Address.Family) -> Bool) -> [[Expression]] {
        let passes: [Expression] = [.verdict(.accept)]
        var rules = [Test.isLoopback + passes, Self.isFromVRF + passes]
        for set in PrefilterSet.all {
            let isBlind = isBlind(set.family)
            rules.append((isBlind ? KeyFields.received.peer(set.family) : set.lookup) + passes)
        }
        for set in TrustedSet.all() where hasWideTrust(set.family) {
            rules.append(set.lookup(.received) + passes)
        }
        return rules + [Self.isToThisHost + [.verdict(.goTo(GateNames.refuse))]]
    }

    /// Returns whether a family has trusted networks too wide for blocks.
    private func hasWideTrust(_ family: Address.Family) -> Bool {
        trusted.contains { $0.family == family && PrefilterSet.isTooWide($0) }
    }

    /// Matches packets of a VRF device, which include those from this host to itself.
    private static let isFromVRF: [Expression] = [
        .meta(.interfaceKind, into: 1),
        .equal(1, Array("vrf".utf8) + [UInt8](repeating: 0, count: 13)),  // rtnl_link_ops.kind
    ]

    private static let isToThisHost: [Expression] = [
        .destinationKind(into: 1), .equal(1, native(UInt32(2))),  // RTN_LOCAL
    ]
}

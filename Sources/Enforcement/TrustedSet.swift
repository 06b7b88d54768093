import Grants
import Netfilter

/// The trusted networks of one family as ranges: the cost of a packet does not grow with their
/// number.
struct TrustedSet: Hashable {
    let family: Address.Family
    /// True if it belongs to the fallback: on trial there are two policies, each with its own set.
    let isFallback: Bool

    static func all(isFallback: Bool = false) -> [Self] {
        [Self(family: .ipv4, isFallback: isFallback), Self(family: .ipv6, isFallback: isFallback)]
    }

    var name: String {
        let family = family == .ipv4 ? "ipv4" : "ipv6"
        return isFallback ? "fallback_trusted_\(family)" : "trusted_\(family)"
    }

    var definition: SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.address(family),
            keyLength: family == .ipv4 ? 4 : 16,
            kind: .interval
        )
    }

    /// Matches packets from these networks, or to them.
    func lookup(_ fields: KeyFields) -> [Expression] {
        fields.peer(family) + [.lookup(1, set: name)]
    }

    /// The ranges that networks cover, merged so that no two adjoin.
    func elements(_ networks: some Sequence<Prefix>) -> Set<SetElement> {
        var elements: Set<SetElement> = []
        let largest = Prefix.mask(length: family.bitCount, family: family)
        for range in merged(networks) {
            elements.insert(SetElement(key: key(range.lowerBound)))
            // A range up to the last address has no end element.
            guard range.upperBound < largest else { continue }
            elements.insert(SetElement(key: key(range.upperBound + 1), endsInterval: true))
        }
        return elements
    }

    private func merged(_ networks: some Sequence<Prefix>) -> [ClosedRange<UInt128>] {
        let ranges = networks.filter { $0.family == family }.map(\.range)
            .sorted { $0.lowerBound < $1.lowerBound }
        var merged: [ClosedRange<UInt128>] = []
        for range in ranges {
            if let last = merged.last,
                last.upperBound == .max || range.lowerBound <= last.upperBound + 1
            {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    private func key(_ value: UInt128) -> [UInt8] {
        Address(family: family, value: value).networkBytes
    }

    /// Returns whether one range contains a whole network, by the elements of the set.
    static func covers(_ network: Prefix, in elements: [ElementState]) -> Bool {
        let (first, last) = (network.range.lowerBound, network.range.upperBound)
        let sorted = elements.compactMap { element in
            Address(networkBytes: element.key[...]).map {
                (at: $0.value, isEnd: element.endsInterval)
            }
        }.sorted { $0.at < $1.at }
        guard let place = sorted.lastIndex(where: { $0.at <= first }), !sorted[place].isEnd else {
            return false
        }
        return sorted[(place + 1)...].first.map { $0.at > last } ?? true
    }
}

extension Prefix {
    /// The addresses of the network as numbers.
    fileprivate var range: ClosedRange<UInt128> {
        let all = Prefix.mask(length: family.bitCount, family: family)
        return address
            .value...(address.value | (all & ~Prefix.mask(length: length, family: family)))
    }
}

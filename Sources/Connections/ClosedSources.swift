package import Grants

/// A set of source networks; a look-up costs one probe for each prefix length.
package struct ClosedSources {
    private var networks: [Address.Family: [Int: Set<UInt128>]] = [:]

    package init(_ prefixes: some Sequence<Prefix>) {
        for prefix in prefixes {
            networks[prefix.family, default: [:]][prefix.length, default: []]
                .insert(prefix.address.value)
        }
    }

    var families: [Address.Family] { networks.keys.sorted() }

    package func contains(_ address: Address) -> Bool {
        guard let lengths = networks[address.family] else { return false }
        return lengths.contains { length, values in
            values.contains(address.value & Prefix.mask(length: length, family: address.family))
        }
    }
}

import Grants

/// The rules about the sources of a grant.
extension Rule {
    static let widestSource = Rule(name: "widest-source") { item in
        for (index, source) in item.grant.sources.enumerated() {
            for (_, port, rules) in item.protectedPorts {
                let widest = source.family == .ipv4 ? rules.widestIPv4 : rules.widestIPv6
                guard source.length < widest else { continue }
                return (
                    "sources[\(index)]",
                    "\(source) is too wide for \(port)",
                    "a network of /\(widest) or narrower passes"
                )
            }
        }
        return nil
    }

    /// Refuses sources that add up to a whole address family, whatever policy says.
    static let wholeInternet = Rule(name: "whole-internet") { item in
        for family in Address.Family.allCases {
            let sources = item.grant.sources.filter { $0.family == family }
            guard Self.coverAll(sources, family: family) else { continue }
            let name = family == .ipv4 ? "IPv4" : "IPv6"
            return ("sources", "they are the whole \(name) internet", "name the networks it is for")
        }
        return nil
    }

    /// Walks up from the lowest address over the sources that continue at the end of the last one.
    private static func coverAll(_ sources: [Prefix], family: Address.Family) -> Bool {
        let highest = Prefix.mask(length: family.bitCount, family: family)
        var next: UInt128 = 0
        for source in sources.sorted(by: { $0.address.value < $1.address.value }) {
            guard source.address.value <= next else { return false }
            let last =
                source.address.value
                | (highest ^ Prefix.mask(length: source.length, family: family))
            if last == highest { return true }
            next = max(next, last + 1)
        }
        return false
    }

    static let allowedSources = Rule(name: "allowed-sources") { item in
        for (index, source) in item.grant.sources.enumerated() {
            for (_, port, rules) in item.protectedPorts where !rules.allowedSources.isEmpty {
                guard !rules.allowedSources.contains(where: { $0.contains(source) }) else {
                    continue
                }
                let allowed = rules.allowedSources.map(\.description).joined(separator: ", ")
                return (
                    "sources[\(index)]",
                    "\(source) may not come to \(port)",
                    "allowed are networks inside \(allowed)"
                )
            }
        }
        return nil
    }
}

import Netfilter

/// The table as it is, with the elements of every set.
struct Observation: Hashable {
    var table: TableState
    var elements: [String: [ElementState]]

    init(_ table: TableState, elements: [String: [ElementState]] = [:]) {
        self.table = table
        self.elements = elements
    }

    func elements(of set: String) -> [[UInt8]: ElementState] {
        Dictionary((elements[set] ?? []).map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    }

    /// What the refusal has counted.
    var denied: Traffic {
        let rules = table.chains.first { $0.name == GateNames.refuse }?.rules ?? []
        return rules.compactMap(\.self).joined().reduce(Traffic()) { sum, step in
            if case .counter(let traffic) = step { sum + traffic } else { sum }
        }
    }
}

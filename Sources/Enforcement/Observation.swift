import Netfilter

/// The table as it is, with the elements of every set.
struct Observation: Hashable {
    var table: TableState
    var elements: [String: [ElementState]]
    /// When each set was read: under load that takes longer than timeouts may be off.
    var readAt: [String: ContinuousClock.Instant] = [:]

    init(_ table: TableState, elements: [String: [ElementState]] = [:]) {
        self.table = table
        self.elements = elements
    }

    func elements(of set: String) -> [[UInt8]: ElementState] {
        Dictionary((elements[set] ?? []).map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    }

    /// What it is by now if nobody changed it: timeouts have gone on.
    func aged(until now: ContinuousClock.Instant) -> Self {
        var aged = self
        for (set, read) in readAt {
            let elapsed = UInt64(clamping: read.duration(to: now).milliseconds)
            aged.elements[set] = elements[set]?.map { $0.aged(by: elapsed) }
        }
        return aged
    }

    /// Whether a rule of the table has this step.
    func holds(_ step: Expression) -> Bool {
        table.chains.contains { chain in chain.rules.contains { $0?.contains(step) == true } }
    }

    /// What the refusal has counted.
    var denied: Traffic {
        let rules = table.chains.first { $0.name == GateNames.refuse }?.rules ?? []
        return rules.compactMap(\.self).joined().reduce(Traffic()) { sum, step in
            if case .counter(let traffic) = step { sum + traffic } else { sum }
        }
    }
}

extension ElementState {
    fileprivate func aged(by elapsed: UInt64) -> Self {
        Self(
            key: key,
            endsInterval: endsInterval,
            remaining: remaining.map { $0 > elapsed ? $0 - elapsed : 0 },
            traffic: traffic
        )
    }
}

import Netfilter

/// The table as read from the kernel, with the elements of all sets.
struct RulesetSnapshot: Hashable {
    var table: TableState
    var elements: [String: [ElementState]]
    /// The time of reading each set: under load that takes longer than timeouts may deviate.
    var readAt: [String: ContinuousClock.Instant] = [:]

    init(_ table: TableState, elements: [String: [ElementState]] = [:]) {
        self.table = table
        self.elements = elements
    }

    func elements(of set: String) -> [[UInt8]: ElementState] {
        Dictionary((elements[set] ?? []).map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    }

    /// The state at a later time if nobody changed it: timeouts have run on.
    func aged(until now: ContinuousClock.Instant) -> Self {
        var aged = self
        for (set, read) in readAt {
            let elapsed = UInt64(clamping: read.duration(to: now).milliseconds)
            aged.elements[set] = elements[set]?.map { $0.aged(by: elapsed) }
        }
        return aged
    }

    /// Returns whether a rule of the table contains this expression.
    func holds(_ step: Expression) -> Bool {
        table.chains.contains { chain in chain.rules.contains { $0?.contains(step) == true } }
    }

    /// The counter of the refusal.
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

extension TableConnection {
    /// Reads the table and the elements of all sets; `nil` if there is no table.
    mutating func snapshot() throws(NetfilterError) -> RulesetSnapshot? {
        guard let table = try observe() else { return nil }
        var snapshot = RulesetSnapshot(table)
        for set in table.sets {
            snapshot.elements[set.name] = try elements(of: set.name)
            snapshot.readAt[set.name] = .now
        }
        return snapshot
    }
}

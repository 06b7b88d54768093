import Netfilter

/// Smaller transactions, for sockets that take no large ones.
extension Plan {
    /// Half of the work on openings to be done after all the rest; `nil` if there is none to halve.
    ///
    /// What shuts comes first: whatever becomes of the second part, nothing is open that must not be.
    func halved() -> (first: Plan, second: Plan)? {
        var (first, second) = (self, Plan())
        for key in [\Plan.added, \Plan.refreshed] where second.isEmpty {
            for (set, elements) in self[keyPath: key] where SourceSet(name: set) != nil {
                let (front, back) = Self.halves(elements)
                first[keyPath: key][set] = front
                if !back.isEmpty { second[keyPath: key][set] = back }
            }
        }
        if second.isEmpty {
            for (set, keys) in removed {
                let (front, back) = Self.halves(keys)
                first.removed[set] = front
                if !back.isEmpty { second.removed[set] = back }
            }
        }
        return second.isEmpty ? nil : (first, second)
    }

    /// The second half is the larger one; the first is `nil` if nothing is left for it.
    private static func halves<Item>(_ items: [Item]) -> (front: [Item]?, back: [Item]) {
        let count = items.count / 2
        return (count == 0 ? nil : Array(items[..<count]), Array(items[count...]))
    }
}

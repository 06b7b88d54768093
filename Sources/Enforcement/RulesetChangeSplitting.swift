import Netfilter

/// Smaller transactions, for sockets with small buffers.
extension RulesetChange {
    /// Defers half of the work on openings until after the rest; `nil` if there is none to halve.
    ///
    /// Closing comes first: whatever happens to the second part, nothing stays open that must
    /// close.
    func halved() -> (first: RulesetChange, second: RulesetChange)? {
        var (first, second) = (self, RulesetChange())
        for key in [\RulesetChange.added, \RulesetChange.refreshed] where second.isEmpty {
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

    /// Splits items in half, the second being the larger; the first is `nil` if it would be empty.
    private static func halves<Item>(_ items: [Item]) -> (front: [Item]?, back: [Item]) {
        let count = items.count / 2
        return (count == 0 ? nil : Array(items[..<count]), Array(items[count...]))
    }
}

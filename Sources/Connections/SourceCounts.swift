package import Grants

/// The most frequent of any number of sources, in bounded memory (Misra and Gries, 1982).
///
/// A count may be too low, by at most a 65th of the total; none is too high.
package struct SourceCounts: Hashable, Sendable {
    private static let bound = 64

    private var counts: [Address: Int] = [:]

    package init() {}

    package var isEmpty: Bool { counts.isEmpty }

    package mutating func add(_ source: Address, times: Int = 1) {
        if counts[source] != nil || counts.count < Self.bound {
            counts[source, default: 0] += times
        } else {
            let least = min(times, counts.values.min() ?? 0)
            counts = counts.compactMapValues { $0 > least ? $0 - least : nil }
            if times > least { counts[source] = times - least }
        }
    }

    /// Removes one occurrence.
    package mutating func remove(_ source: Address) {
        guard let count = counts[source] else { return }
        counts[source] = count > 1 ? count - 1 : nil
    }

    package mutating func add(_ other: Self) {
        for (source, count) in other.counts { add(source, times: count) }
    }

    /// The most frequent sources, each as `ADDRESS COUNT`.
    package func top(_ limit: Int) -> [String] {
        counts.sorted {
            ($1.value, $0.key.family, $0.key.value) < ($0.value, $1.key.family, $1.key.value)
        }
        .prefix(limit).map { "\($0.key) \($0.value)" }
    }
}

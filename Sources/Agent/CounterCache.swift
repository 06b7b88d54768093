import Enforcement
import Grants
import Netfilter

/// The kernel's counters as last read, so that not every question for lists is one to the kernel.
struct CounterCache {
    private static let freshness: Int64 = 1_000_000
    private static let price: Int64 = 10

    private(set) var counted: [Opening: Traffic] = [:]
    private var readAt = Int64.min / 2
    /// The microseconds that the last reading took.
    private var spent: Int64 = 0

    /// The openings that must be counted now: all of them if the counters are old.
    func missing(of openings: Set<Opening>, isRoot: Bool, at now: Int64) -> Set<Opening> {
        let age = max(Self.price * spent, isRoot ? 0 : Self.freshness)
        guard now - readAt < age else { return openings }
        return openings.filter { counted[$0] == nil }
    }

    /// Takes the counts of all openings there are.
    mutating func take(all new: [Opening: Traffic], from begin: Int64, to end: Int64) {
        (counted, readAt, spent) = (new, end, end - begin)
    }

    /// Takes the counts of some.
    mutating func take(_ new: [Opening: Traffic]) {
        counted.merge(new) { $1 }
    }
}

import Enforcement
import Grants
import Netfilter

/// What the kernel counted when it was asked last, so that who asks for lists does not ask it too.
struct CounterCache {
    private static let freshness: Int64 = 1_000_000
    private static let price: Int64 = 10

    private(set) var counted: [Opening: Traffic] = [:]
    private var readAt = Int64.min / 2
    /// How long that took, in microseconds.
    private var spent: Int64 = 0

    /// Which of these openings have to be counted now: all of them if what is known is old.
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

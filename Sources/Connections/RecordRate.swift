import Grants

/// A rate with a burst of two seconds.
package struct RecordRate: Hashable, Sendable {
    private let perSecond: Int64
    /// The unused rate, in millionths of a record.
    private var room: Int64
    private var refilledAt: Int64

    /// Begins with a full burst; `at` is in microseconds of a clock that never goes back.
    package init(perSecond: Int64, at boot: Int64) {
        self.perSecond = perSecond
        room = 2 * perSecond * 1_000_000
        refilledAt = boot
    }

    package mutating func take(at boot: Int64) -> Bool {
        let passed = min(max(0, boot - refilledAt), 2_000_000)
        room = min(burst, room + passed * perSecond)
        refilledAt = boot
        guard room >= 1_000_000 else { return false }
        room -= 1_000_000
        return true
    }

    /// Returns whether a whole burst is available.
    func isFull(at boot: Int64) -> Bool { room + (boot - refilledAt) * perSecond >= burst }

    private var burst: Int64 { 2 * perSecond * 1_000_000 }
}

/// The rates of networks of the size that one stranger may own, each on its own.
struct NetworkRates: Hashable {
    /// The most networks remembered; others are not limited.
    private static let bound = 256

    private var rates: [Prefix: RecordRate] = [:]

    /// Returns whether a source may have a record now, and counts that record.
    mutating func take(from source: Address, perSecond: Int64, at boot: Int64) -> Bool {
        let network = source.strangersNetwork
        if rates[network] == nil, rates.count >= Self.bound {
            rates = rates.filter { !$0.value.isFull(at: boot) }
            guard rates.count < Self.bound else { return true }
        }
        return rates[network, default: RecordRate(perSecond: perSecond, at: boot)].take(at: boot)
    }
}

extension Address {
    /// The network of the size that one stranger may own whole.
    var strangersNetwork: Prefix {
        Prefix(covering: self, length: family == .ipv4 ? 24 : 56)
    }
}

/// Says which denied packets get a record of their own, and how many others each record speaks for.
///
/// Records are bounded by a rate, with a burst of two seconds of it: a flood costs no more than
/// that. Every packet that has none is counted once, in a record that comes after it.
package struct DenialTally: Hashable, Sendable {
    /// A packet that gets a record, and how many before it got none.
    package struct Denial: Hashable, Sendable {
        package let packet: LoggedPacket
        package let missed: Int
    }

    /// Records, at most.
    package var perSecond: Int
    /// Millionths of a record.
    private var room: Int64
    private var refilledAt: Int64
    /// Denied and not yet spoken for; below zero while packets are known that were not yet counted.
    private var unspoken = 0

    /// Begins without a debt; `at` is in microseconds of a clock that never goes back.
    package init(perSecond: Int, at boot: Int64) {
        self.perSecond = perSecond
        room = 2 * Int64(perSecond) * 1_000_000
        refilledAt = boot
    }

    /// Takes denied packets that became known, of `count` that were denied since the last time.
    package mutating func take(
        _ packets: some Collection<LoggedPacket>,
        of count: Int,
        at boot: Int64
    ) -> [Denial] {
        refill(at: boot)
        let recorded = packets.prefix(Int(room / 1_000_000))
        unspoken += count - recorded.count
        room -= Int64(recorded.count) * 1_000_000
        guard !recorded.isEmpty else { return [] }
        let missed = max(0, unspoken)
        unspoken -= missed
        return recorded.enumerated().map { index, packet in
            Denial(packet: packet, missed: index == 0 ? missed : 0)
        }
    }

    private mutating func refill(at boot: Int64) {
        let passed = min(max(0, boot - refilledAt), 2_000_000)
        room = min(2 * Int64(perSecond) * 1_000_000, room + passed * Int64(perSecond))
        refilledAt = boot
    }
}

/// The kernel's own count of denied packets, as its growth from one reading to the next.
package struct DeniedCount: Hashable, Sendable {
    private static let interval: Int64 = 1_000_000

    private var total: UInt64?
    private var readAt: Int64?

    package init() {}

    package func isDue(at boot: Int64) -> Bool {
        readAt.map { boot - $0 >= Self.interval } ?? true
    }

    /// Takes a reading; the first one only says from where to count.
    package mutating func growth(to now: UInt64, at boot: Int64) -> Int {
        defer { (total, readAt) = (now, boot) }
        guard let total else { return 0 }
        // A gate that was made anew counts from zero.
        return Int(clamping: now >= total ? now - total : now)
    }
}

package import Grants

/// Chooses the denied packets that get a record, and counts the others for the next record.
///
/// A rate with a burst of two seconds limits the records, so that a flood costs no more than that.
/// One network (/24, /56) gets at most half of the rate, so that it cannot hide others. Each packet
/// without a record is counted once: in a later record, or in a summary if none comes.
package struct DeniedRateLimiter: Hashable, Sendable {
    /// A packet that gets a record, and the number of packets before it without one.
    package struct Denial: Hashable, Sendable {
        package let packet: LoggedPacket
        package let missed: Int
        /// The sources of the packets without a record, as far as known.
        package var sources = SourceCounts()
    }

    /// Packets without a record.
    package struct Summary: Hashable, Sendable {
        package let count: Int
        package let sources: SourceCounts
        package let ports: [Port]
    }

    /// The most records a second.
    package var perSecond: Int
    /// The unused rate, in millionths of a record.
    private var room: Int64
    private var refilledAt: Int64
    private var shares = NetworkRates()
    /// Denied packets in no record yet; negative while packets have arrived before their count.
    private var unspoken = 0
    private var sources = SourceCounts()
    private var ports: Set<Port> = []

    /// Begins with no packets; `at` is in microseconds of a clock that never goes back.
    package init(perSecond: Int, at boot: Int64) {
        self.perSecond = perSecond
        room = 2 * Int64(perSecond) * 1_000_000
        refilledAt = boot
    }

    /// True if there may be packets in no record yet.
    package var isPending: Bool { unspoken != 0 || !sources.isEmpty }

    /// Chooses among packets that arrived, of `count` that were denied since the last time.
    package mutating func take(
        _ packets: some Collection<LoggedPacket>,
        of count: Int,
        at boot: Int64
    ) -> [Denial] {
        refill(at: boot)
        let half = Int64(max(1, perSecond / 2))
        var recorded: [LoggedPacket] = []
        var others: [LoggedPacket] = []
        for packet in packets {
            if room >= 1_000_000, shares.take(from: packet.source, perSecond: half, at: boot) {
                room -= 1_000_000
                recorded.append(packet)
            } else {
                others.append(packet)
            }
        }
        unspoken += count - recorded.count
        others.forEach { note($0) }
        let before = recorded.isEmpty ? nil : takeUnspoken()
        return recorded.enumerated().map { index, packet in
            guard index == 0, let before else { return Denial(packet: packet, missed: 0) }
            return Denial(packet: packet, missed: before.count, sources: before.sources)
        }
    }

    /// Adds packets that cannot be recorded now.
    package mutating func leaveOut(_ packets: some Collection<LoggedPacket>, of count: Int) {
        unspoken += count
        packets.forEach { note($0) }
    }

    /// Adds back a packet whose record had no room.
    package mutating func leaveOut(_ denial: Denial) {
        unspoken += 1 + denial.missed
        sources.add(denial.sources)
        note(denial.packet)
    }

    /// Summarizes all packets in no record yet, together with `count` newly counted ones.
    package mutating func summary(counting count: Int) -> Summary? {
        unspoken += count
        let summary = takeUnspoken()
        // Packets that have arrived and are still not counted never will be.
        unspoken = 0
        return summary.count > 0 ? summary : nil
    }

    /// Adds back a summary that could not be recorded.
    package mutating func leaveOut(_ summary: Summary) {
        unspoken += summary.count
        sources.add(summary.sources)
        ports.formUnion(summary.ports)
    }

    private mutating func note(_ packet: LoggedPacket) {
        sources.add(packet.source)
        if let port = packet.port { ports.insert(port) }
    }

    private mutating func takeUnspoken() -> Summary {
        let count = max(0, unspoken)
        let summary = Summary(
            count: count,
            sources: count == 0 ? SourceCounts() : sources,
            ports: ports.sorted()
        )
        unspoken -= count
        if count > 0 { (sources, ports) = (SourceCounts(), []) }
        return summary
    }

    private mutating func refill(at boot: Int64) {
        let passed = min(max(0, boot - refilledAt), 2_000_000)
        room = min(2 * Int64(perSecond) * 1_000_000, room + passed * Int64(perSecond))
        refilledAt = boot
    }
}

/// The growth of the kernel's own counter of denied packets between readings.
package struct DeniedCount: Hashable, Sendable {
    private static let interval: Int64 = 1_000_000

    private var total: UInt64?
    private var readAt: Int64?

    package init() {}

    package func isDue(at boot: Int64) -> Bool {
        readAt.map { boot - $0 >= Self.interval } ?? true
    }

    /// Returns the growth since the last reading; 0 for the first one.
    package mutating func growth(to now: UInt64, at boot: Int64) -> Int {
        defer { (total, readAt) = (now, boot) }
        guard let total else { return 0 }
        // The counter of a table that was rebuilt starts at zero.
        return Int(clamping: now >= total ? now - total : now)
    }
}

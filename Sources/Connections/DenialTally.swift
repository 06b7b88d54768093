package import Grants

/// Says which denied packets get a record of their own, and how many others each record speaks for.
///
/// Records are bounded by a rate, with a burst of two seconds of it: a flood costs no more than
/// that, and half of it is all that one network (/24, /56) has, so that it cannot hide others. Every packet that has none is counted once: in a record that comes after it, or in a
/// summary where none comes.
package struct DenialTally: Hashable, Sendable {
    /// A packet that gets a record, and how many before it got none.
    package struct Denial: Hashable, Sendable {
        package let packet: LoggedPacket
        package let missed: Int
        /// Where those came from, as far as is known.
        package var sources = SourceCounts()
    }

    /// Packets that no record speaks for.
    package struct Summary: Hashable, Sendable {
        package let count: Int
        package let sources: SourceCounts
        package let ports: [Port]
    }

    /// Records, at most.
    package var perSecond: Int
    /// Millionths of a record.
    private var room: Int64
    private var refilledAt: Int64
    private var shares = NetworkRates()
    /// Denied and not yet spoken for; below zero while packets are known that were not yet counted.
    private var unspoken = 0
    private var sources = SourceCounts()
    private var ports: Set<Port> = []

    /// Begins without a debt; `at` is in microseconds of a clock that never goes back.
    package init(perSecond: Int, at boot: Int64) {
        self.perSecond = perSecond
        room = 2 * Int64(perSecond) * 1_000_000
        refilledAt = boot
    }

    /// Whether there may be packets that no record speaks for.
    package var isPending: Bool { unspoken != 0 || !sources.isEmpty }

    /// Takes denied packets that became known, of `count` that were denied since the last time.
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

    /// Takes packets of which none can be recorded now.
    package mutating func leaveOut(_ packets: some Collection<LoggedPacket>, of count: Int) {
        unspoken += count
        packets.forEach { note($0) }
    }

    /// Takes back a packet for whose record there is no room.
    package mutating func leaveOut(_ denial: Denial) {
        unspoken += 1 + denial.missed
        sources.add(denial.sources)
        note(denial.packet)
    }

    /// Speaks for all packets that nothing has spoken for, of which `count` more are known now.
    package mutating func summary(counting count: Int) -> Summary? {
        unspoken += count
        let summary = takeUnspoken()
        // What is still known and not counted never will be.
        unspoken = 0
        return summary.count > 0 ? summary : nil
    }

    /// Takes back what could not be recorded.
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

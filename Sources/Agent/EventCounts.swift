import AgentInterface
import Auditing
import Enforcement
import Grants
import Linux
import Netfilter

/// The records that this process has written to the disk.
struct PublishedRecords: Sendable {
    /// Those that no subscriber has yet.
    private var waiting: [Record] = []
    private(set) var counts: EventCounts

    init(since start: ClockReading) {
        counts = EventCounts(since: Moment(microseconds: start.wallMicroseconds))
    }

    mutating func add(_ records: [Record]) {
        waiting += records
        counts.add(records)
    }

    /// Takes those that no subscriber has yet.
    mutating func take() -> [Record] {
        defer { waiting = [] }
        return waiting
    }
}

/// The numbers of records written since the agent started, of each kind of event.
struct EventCounts: Sendable {
    /// The start of the agent, by the wall clock.
    private let since: Moment
    private var counts = Dictionary(
        uniqueKeysWithValues: AuditEvent.allCases.map { ($0, Int64(0)) }
    )

    init(since: Moment) {
        self.since = since
    }

    mutating func add(_ records: [Record]) {
        for record in records { counts[record.entry.event, default: 0] += 1 }
    }

    /// The reply to Count; `denied` is what the kernel counted, if it says.
    func counters(denied: Traffic?) -> AgentCounters {
        AgentCounters(
            since: since,
            events: AuditEvent.allCases.map { .init($0.rawValue, counts[$0] ?? 0) },
            deniedPackets: denied.map { Int64(clamping: $0.packets) },
            deniedBytes: denied.map { Int64(clamping: $0.bytes) }
        )
    }
}

import AgentInterface
import Auditing

/// Those who are told of each record as it is written.
struct RecordSubscribers {
    private var repliers: [PendingCall] = []

    /// From here on it is told of every record; the first answer has none.
    mutating func add(_ replier: PendingCall) {
        repliers.append(replier)
        replier.send(WatchReply(record: nil))
    }

    mutating func send(_ records: [Record]) {
        repliers.removeAll { !$0.isOpen }
        guard !repliers.isEmpty, !records.isEmpty else { return }
        let reply = EncodedReply(continuing: records.map { WatchReply(record: $0.json) })
        for replier in repliers { replier.send(reply) }
    }
}

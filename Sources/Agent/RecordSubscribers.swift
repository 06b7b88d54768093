import AgentInterface
import Auditing
import Varlink

/// The callers that get each record as it is written.
struct RecordSubscribers {
    private var calls: [PendingCall<WatchReply>] = []

    /// Sends every record to `call` from here on; the first answer has none.
    mutating func add(_ call: PendingCall<WatchReply>) {
        calls.append(call)
        call.send(WatchReply(record: nil))
    }

    mutating func send(_ records: [Record]) {
        calls.removeAll { !$0.isOpen }
        guard !calls.isEmpty, !records.isEmpty else { return }
        let reply = EncodedReply(continuing: records.map { WatchReply(record: $0.json) })
        for call in calls { call.send(reply) }
    }
}

import Synchronization

/// The numbers that /metrics shows.
final class HubCounters: Sendable {
    struct Values: Hashable, Sendable {
        /// The calls by the status of their answers.
        var calls: [Int: Int] = [:]
        var storeErrors = 0
        /// The times that the static depot could not be brought up to date.
        var publishFailures = 0
        /// The event streams that are open now.
        var openStreams = 0
        /// The messages to webhooks that were taken.
        var deliveredMessages = 0
        /// The attempts to send one that failed.
        var failedMessages = 0
    }

    private let state = Mutex(Values())

    var values: Values { state.withLock(\.self) }

    func count(_ status: Int) { state.withLock { $0.calls[status, default: 0] += 1 } }
    func countPublishFailure() { state.withLock { $0.publishFailures += 1 } }
    func countStoreError() { state.withLock { $0.storeErrors += 1 } }

    func countMessage(isDelivered: Bool) {
        state.withLock { values in
            if isDelivered { values.deliveredMessages += 1 } else { values.failedMessages += 1 }
        }
    }

    /// Counts a stream, unless there are so many already.
    func openStream(limit: Int) -> Bool {
        state.withLock { values in
            guard values.openStreams < limit else { return false }
            values.openStreams += 1
            return true
        }
    }

    func closeStream() { state.withLock { $0.openStreams -= 1 } }
}

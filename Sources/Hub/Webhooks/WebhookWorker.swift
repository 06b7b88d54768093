import Grants
import HubSettings
import HubStorage
import Logging

/// Sends the messages of one webhook, one at a time; others do not wait for it.
struct WebhookWorker: Sendable {
    /// The time after which the store is asked again that did not answer.
    static let storePause: Duration = .seconds(5)

    let webhook: Webhook
    let database: any Database
    let counters: HubCounters
    let logger: Logger
    let now: @Sendable () -> Moment
    let sender: WebhookSender
    let loop = WakeLoop()

    func run() async {
        await loop.run(now) { await sendDue() }
    }

    /// Sends all that is due; returns the moment at which more is.
    private func sendDue() async -> Moment? {
        do throws(StorageError) {
            while true {
                guard let next = try await next() else { return nil }
                guard next <= now() else { return next }
                guard let delivery = try await claim() else { continue }
                guard try await send(delivery) else { return nil }
            }
        } catch {
            counters.countStoreError()
            logger.error("a webhook waits for the store", metadata: ["reason": "\(error)"])
            return now() + Self.storePause
        }
    }

    private func next() async throws(StorageError) -> Moment? {
        let name = webhook.name
        return try await database.read { statements throws(StorageError) in
            try DeliveryRecords(statements: statements).next(for: name)
        }
    }

    private func claim() async throws(StorageError) -> Delivery? {
        let (name, moment) = (webhook.name, now())
        return try await database.write { statements throws(StorageError) in
            try DeliveryRecords(statements: statements).claim(for: name, at: moment)
        }
    }

    /// Sends a message; returns false if the hub stops.
    private func send(_ delivery: Delivery) async throws(StorageError) -> Bool {
        switch await sender.send(delivery, at: now()) {
        case .stopped:
            try await database.write { statements throws(StorageError) in
                try DeliveryRecords(statements: statements).release(delivery)
            }
            return false
        case .delivered:
            counters.countMessage(isDelivered: true)
            try await database.write { statements throws(StorageError) in
                try DeliveryRecords(statements: statements).remove(delivery)
            }
        case .failed(let reason):
            counters.countMessage(isDelivered: false)
            let moment = now()
            let isDead = try await database.write { statements throws(StorageError) in
                try DeliveryRecords(statements: statements).fail(delivery, reason, at: moment)
            }
            log(delivery, reason, isDead: isDead)
        }
        return true
    }

    /// Neither the URL, which may have a token, nor the body, which is about people.
    private func log(_ delivery: Delivery, _ reason: String, isDead: Bool) {
        logger.log(
            level: isDead ? .error : .warning,
            isDead ? "a message to a webhook is given up" : "a webhook failed",
            metadata: [
                "webhook": "\(webhook.name)", "id": "\(delivery.id)", "type": "\(delivery.type)",
                "attempt": "\(delivery.attempts + 1)", "reason": "\(reason)",
            ]
        )
    }
}

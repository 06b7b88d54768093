import Grants
import HubSettings
import HubStorage
import Logging
import ServiceLifecycle

/// Tells webhooks what happens: makes messages from new entries of the log, and has each webhook's worker send them.
final class WebhookService: Service {
    private let parts: HubParts
    private let stop: StopPipe
    private let workers: [WebhookWorker]
    private let filling = WakeLoop()

    /// Prepares the outbox, so that it has all that happens from here on.
    init(_ parts: HubParts) async throws {
        let stop = try StopPipe()
        (self.parts, self.stop) = (parts, stop)
        workers = parts.configuration.webhooks.map { webhook in
            WebhookWorker(
                webhook: webhook,
                database: parts.database,
                counters: parts.counters,
                logger: parts.logger,
                now: parts.now,
                sender: WebhookSender(webhook, stoppingAt: stop)
            )
        }
        let (configuration, moment) = (parts.configuration, parts.now())
        try await parts.database.write { statements throws(StorageError) in
            try WebhookOutbox(statements: statements, configuration: configuration, now: moment)
                .begin()
        }
    }

    /// Sends until the hub stops; an attempt under way is given up then, and made again later.
    func run() async {
        guard !workers.isEmpty else { return }
        let news = parts.changes.listen().news
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.filling.run(self.parts.now) { await self.fill() } }
            for worker in workers { group.addTask { await worker.run() } }
            for await news in news { pass(on: news) }
            stop.end()
            filling.end()
            for worker in workers { worker.loop.end() }
        }
    }

    private func pass(on news: ChangeFeed.News) {
        let topics: Set<Change.Topic>
        switch news {
        case .everything: topics = [.activity, .webhook]
        case .changes(let changes): topics = Set(changes.map(\.topic))
        }
        if topics.contains(.activity) { filling.wake() }
        if topics.contains(.webhook) { for worker in workers { worker.loop.wake() } }
    }

    /// Makes the messages of new entries; returns the moment to try again if the store failed.
    private func fill() async -> Moment? {
        let (configuration, moment) = (parts.configuration, parts.now())
        do throws(StorageError) {
            // Another hub may have done it, and a transaction that only reads holds up nobody.
            var isBehind = try await parts.database.read { statements throws(StorageError) in
                try WebhookOutbox(statements: statements, configuration: configuration, now: moment)
                    .isBehind()
            }
            while isBehind {
                isBehind = try await parts.database.write { statements throws(StorageError) in
                    try WebhookOutbox(
                        statements: statements,
                        configuration: configuration,
                        now: moment
                    )
                    .fill()
                }
            }
            return nil
        } catch {
            parts.counters.countStoreError()
            parts.logger.error("no messages are made", metadata: ["reason": "\(error)"])
            return parts.now() + WebhookWorker.storePause
        }
    }
}

import Grants
import HubSettings
import HubStorage
import Logging
import ServiceLifecycle

/// The parts of the hub that are a depot and know the fleet; runs as long as the server does.
package struct DepotParts: Sendable, Service {
    let shelves: ShelfBoard
    let fleet: FleetBoard
    let reports: HostReports
    private let changes: ChangeFeed
    private let logger: Logger

    init(
        _ configuration: HubConfiguration,
        _ database: any Database,
        _ changes: ChangeFeed,
        logger: Logger,
        now: @escaping @Sendable () -> Moment
    ) {
        shelves = ShelfBoard(database)
        fleet = FleetBoard(
            database,
            inventory: configuration.places.inventory,
            silentAfter: configuration.limits.silentAfter,
            logger: logger,
            now: now
        )
        reports = HostReports(database, fleet, now: now)
        (self.changes, self.logger) = (changes, logger)
    }

    /// Follows the changes of the store until the hub stops; then long polls end at once.
    package func run() async {
        let news = changes.listen().news
        await read { () async throws(StorageError) in try await follow(.everything) }
        for await news in news {
            await read { () async throws(StorageError) in try await follow(news) }
        }
        await shelves.close()
        await fleet.close()
    }

    private func follow(_ news: ChangeFeed.News) async throws(StorageError) {
        try await shelves.follow(news)
        try await fleet.follow(news)
    }

    private func read(_ body: () async throws(StorageError) -> Void) async {
        do throws(StorageError) {
            try await body()
        } catch {
            logger.error("the depot was not read", metadata: ["reason": "\(error)"])
        }
    }
}

import Crypto
package import Grants
package import HubSettings
package import HubStorage
package import Logging

extension HubParts {
    /// Makes the parts of a hub; the store is open already.
    package init(
        _ configuration: HubConfiguration,
        _ database: any Database,
        logger: Logger,
        now: @escaping @Sendable () -> Moment
    ) async throws(HubFailure) {
        let host = HostedResponder.host(ofURL: configuration.places.url)
        self.configuration = configuration
        self.database = database
        people = try People(allowedSigners: configuration.places.allowedSigners)
        changes = ChangeFeed(database, logger: logger)
        depot = DepotParts(configuration, database, changes, logger: logger, now: now)
        activity = ActivityFeed(database, changes, logger: logger)
        requests = RequestDesk(configuration.limits, database, people, depot.fleet, now: now)
        logKey = try LogKey(state: configuration.places.state, host: host)
        counters = HubCounters()
        peers = try PeerReader(configuration)
        try WebhookSecrets.check(configuration.webhooks)
        secret = try await Self.secret(in: database)
        self.logger = logger
        self.now = now
    }

    /// The secret of nonces and forms, which all hubs over one store share.
    private static func secret(
        in database: any Database
    ) async throws(HubFailure) -> SymmetricKey {
        let new = Secret.random(32)
        do throws(StorageError) {
            let bytes = try await database.write { statements throws(StorageError) in
                try MetaRecords(statements: statements).value("secret", orSet: new)
            }
            return SymmetricKey(data: bytes)
        } catch {
            throw HubFailure(.system, "\(error)")
        }
    }
}

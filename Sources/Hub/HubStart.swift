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
        let people = try People(allowedSigners: configuration.places.allowedSigners)
        let changes = ChangeFeed(database, logger: logger)
        (self.people, self.changes) = (people, changes)
        let counters = HubCounters()
        mirror = try configuration.places.publish.map { publish throws(HubFailure) in
            DepotMirror(
                try StaticDepot(publish),
                database,
                changes,
                people,
                of: HubName(state: configuration.places.state),
                counters: counters,
                logger: logger,
                now: now
            )
        }
        depot = DepotParts(configuration, database, changes, logger: logger, now: now)
        activity = ActivityFeed(database, changes, logger: logger)
        requests = RequestDesk(configuration.limits, database, people, depot.fleet, now: now)
        logKey = try LogKey(state: configuration.places.state, host: host)
        self.counters = counters
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

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
    ) throws(HubFailure) {
        let host = HostedResponder.host(ofURL: configuration.places.url)
        self.configuration = configuration
        self.database = database
        people = try People(allowedSigners: configuration.places.allowedSigners)
        changes = ChangeFeed(database, logger: logger)
        depot = DepotParts(configuration, database, changes, logger: logger, now: now)
        logKey = try LogKey(state: configuration.places.state, host: host)
        counters = HubCounters()
        peers = PeerReader(configuration: configuration)
        self.logger = logger
        self.now = now
    }
}

import Crypto
import Grants
package import HubSettings
import HubStorage
import Logging

/// The parts of a hub that its routes share.
package struct HubParts: Sendable {
    package let configuration: HubConfiguration
    let database: any Database
    /// The people, by the allowed_signers of now.
    let people: People
    /// The reader of the store that tells all who wait what has changed.
    let changes: ChangeFeed
    /// The objects of the depot, and the fleet.
    let depot: DepotParts
    /// The mirror of the depot; `nil`: `publish` is not set.
    let mirror: DepotMirror?
    /// The reader of the log that feeds event streams.
    let activity: ActivityFeed
    /// The use cases of requests.
    let requests: RequestDesk
    /// The key of the hub's log.
    let logKey: LogKey
    let counters: HubCounters
    let peers: PeerReader
    /// The secret of nonces and forms.
    let secret: SymmetricKey
    let logger: Logger
    /// The time of the wall clock.
    let now: @Sendable () -> Moment
}

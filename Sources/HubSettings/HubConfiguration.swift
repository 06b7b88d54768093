package import FetchSettings
package import Grants

/// The file /etc/jitgate/hub.toml, read and found free of contradictions.
package struct HubConfiguration: Hashable, Sendable {
    /// The longest file that is read, in bytes.
    package static let fileLimit = 256 << 10

    package var places = Places()
    package var limits = Limits()
    package var proxy = Proxy()
    package var hosts = Hosts()
    package var webhooks: [Webhook] = []

    /// The addresses of the hub, and the files that it reads and writes.
    package struct Places: Hashable, Sendable {
        /// The URL that people type, `https://HOST[:PORT]` without a slash at its end.
        package var url = ""
        /// The URL of the page that takes the signatures of passkeys; `nil`: there is none.
        package var approveURL: String?
        package var listen = ListenAddress.ip("127.0.0.1", port: 8080)
        package var tls: TLSFiles?
        package var store = StorePlace.sqlite("/var/lib/jitgate-hub/hub.db")
        /// The directory of the key of the hub's log.
        package var state = "/var/lib/jitgate-hub"
        package var allowedSigners = "/etc/jitgate/allowed_signers"
        /// The hosts of the fleet with the keys of their logs.
        package var inventory: String?
        /// The depot that is kept as the hub's own is; `nil`: there is none.
        package var publish: Publish?
    }

    /// A static depot, and the files by which it and the hub know each other.
    package struct Publish: Hashable, Sendable {
        package let place: DepotPlace
        /// The authorities that the depot's certificate may come from; `nil`: the system's.
        package var authorities: String?
        /// The client certificate and its key, in one file.
        package var certificate: String?
        /// The keys of an S3-compatible store.
        package var credentials: String?

        package init(_ place: DepotPlace) {
            self.place = place
        }
    }

    /// The certificate of the hub, and its key.
    package struct TLSFiles: Hashable, Sendable {
        package let certificate: String
        package let key: String
    }

    package struct Limits: Hashable, Sendable {
        /// The time after which an unanswered request lapses.
        package var requestLifetime: Duration = .seconds(24 * 3600)
        package var sessionLifetime: Duration = .seconds(8 * 3600)
        /// The most requests of a person that may be pending.
        package var requestsPerPerson = 20
        /// The time after which a host that says nothing is silent.
        package var silentAfter: Duration = .seconds(900)
        /// The addresses that may read /metrics.
        package var metricsFrom: [Prefix] = []
    }

    /// The proxy that logs people in.
    package struct Proxy: Hashable, Sendable {
        /// The header with the name of a person, in lower case; `nil`: none is read.
        package var userHeader: String?
        /// The authorities of the proxy's client certificate.
        package var authorities: String?
    }

    /// What hosts, and inventories from other systems, prove themselves by.
    package struct Hosts: Hashable, Sendable {
        /// The authorities of the hosts' client certificates; `nil`: hosts have none.
        package var authorities: String?
        /// The file of the token by which other systems send inventories; `nil`: none may.
        package var inventoryToken: String?
    }
}

/// The address that a hub listens on.
package enum ListenAddress: Hashable, Sendable {
    /// An IPv4 or IPv6 address, without brackets.
    case ip(String, port: Int)
    /// The path of a Unix socket.
    case unix(String)
}

/// The place of the store.
package enum StorePlace: Hashable, Sendable {
    /// The path of the database file.
    case sqlite(String)
    /// A connection URI of libpq.
    case postgresql(String)

    /// The name of the engine.
    package var engine: String {
        switch self {
        case .sqlite: "sqlite"
        case .postgresql: "postgresql"
        }
    }

    /// The text in the file.
    package var url: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        case .postgresql(let url): url
        }
    }
}

/// A receiver of events.
package struct Webhook: Hashable, Sendable {
    package let name: String
    package let url: String
    /// The file of the secrets that its messages are signed with; `nil`: they are not, in Slack's format.
    package let secretFile: String?
    package let events: [WebhookEvent]
    package let format: Format

    package enum Format: String, Hashable, Sendable, CaseIterable {
        case standard
        case slack
    }
}

/// An event that webhooks get (docs/PROTOCOL.hub, section 10).
package enum WebhookEvent: String, Hashable, Sendable, CaseIterable {
    case asked = "request.asked"
    case approved = "request.approved"
    case denied = "request.denied"
    case published = "request.published"
    case opened = "request.opened"
    case endsSoon = "request.ends-soon"
    case ended = "request.ended"
    case hostSilent = "host.silent"
    case hostForked = "host.log-forked"
    case breakGlass = "grant.break-glass"
}

package import Depot

/// The file /etc/jitgate/fetch.toml, read and found free of contradictions.
package struct FetchConfiguration: Hashable, Sendable {
    /// The longest file that is read, in bytes.
    package static let fileLimit = 256 << 10

    /// The URL of the depot, without a closing slash.
    package var url = ""
    /// The authorities that the depot's certificate may come from; `nil`: the system's.
    package var authorities: String?
    /// The client certificate and its key, in one file.
    package var certificate: String?
    /// The keys of an S3-compatible store.
    package var credentials: String?
    package var shelves = [Shelf.named("all"), .hostname].compactMap(\.self)
    package var every: Duration = .seconds(10)
    package var inbox = "/var/lib/jitgate-fetch/inbox"
    /// The mean time between two reports of the host's status; `nil`: none is reported.
    package var reportEvery: Duration?
    /// The control socket of the agent, which signs the status.
    package var agentSocket = "/run/jitgate/control"

    /// A shelf to read.
    package enum Shelf: Hashable, Sendable {
        case name(ShelfName)
        /// The shelf of this host's name.
        case hostname

        static func named(_ text: String) -> Shelf? { ShelfName(text).map(Shelf.name) }
    }

    /// The names of the shelves on a host, none of them twice; a host name that cannot be one of a
    /// shelf has none.
    package func shelves(ofHost hostname: String) -> [ShelfName] {
        var seen: Set<ShelfName> = []
        return shelves.compactMap { shelf in
            switch shelf {
            case .name(let name): name
            case .hostname: ShelfName(hostname.lowercased())
            }
        }
        .filter { seen.insert($0).inserted }
    }
}

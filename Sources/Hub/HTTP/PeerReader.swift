import Grants
import HTTPTypes
import HubSettings
import Hummingbird

/// Finds out whom a call comes from.
struct PeerReader: Sendable {
    let configuration: HubConfiguration

    /// The peer of a call; its address is that of the proxy's client if the proxy sent it.
    func peer(of request: Request, _ context: HubContext) async throws -> Peer {
        var peer = context.peer
        guard peer.isProxy else { return peer }
        // The last address is the one that the proxy itself saw.
        let forwarded = HTTPField.Name("X-Forwarded-For").map { request.headers[values: $0] } ?? []
        let last = forwarded.last?.split(separator: ",").last
        peer.address = last.flatMap { Peer.address($0.filter { $0 != " " }) } ?? peer.address
        return peer
    }
}

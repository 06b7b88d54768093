import Grants
import HTTPTypes
import HubSettings
import Hummingbird
import NIOSSL

/// Finds out whom a call comes from.
struct PeerReader: Sendable {
    /// The names of the authorities of the proxy's certificate, and of hosts' certificates.
    private let proxies: Set<[UInt8]>
    private let hosts: Set<[UInt8]>

    init(_ configuration: HubConfiguration) throws(HubFailure) {
        proxies = try Self.names(configuration.proxy.authorities)
        hosts = try Self.names(configuration.hosts.authorities)
        guard proxies.isDisjoint(with: hosts) else {
            throw HubFailure(
                .configuration,
                "proxy_ca and hosts.client_ca have an authority in common, so that each host could be"
                    + " the proxy; use one for each"
            )
        }
    }

    /// The peer of a call; its address is that of the proxy's client if the proxy sent it.
    func peer(of request: Request, _ context: HubContext) async throws -> Peer {
        var peer = context.peer
        if !proxies.isEmpty || !hosts.isEmpty { await certify(&peer, context) }
        guard peer.isProxy else { return peer }
        // The last address is the one that the proxy itself saw.
        let forwarded = HTTPField.Name("X-Forwarded-For").map { request.headers[values: $0] } ?? []
        let last = forwarded.last?.split(separator: ",").last
        peer.address = last.flatMap { Peer.address($0.filter { $0 != " " }) } ?? peer.address
        return peer
    }

    /// Adds what the client certificate says, which TLS has verified.
    private func certify(_ peer: inout Peer, _ context: HubContext) async {
        guard let certificate = try? await context.channel.nioSSL_peerCertificate().get(),
            let names = (try? certificate.toDERBytes()).flatMap({ CertificateNames(der: $0) })
        else { return }
        peer.isCertifiedProxy = proxies.contains(names.issuer)
        peer.certifiedHost = hosts.contains(names.issuer) ? names.commonName : nil
    }

    private static func names(_ file: String?) throws(HubFailure) -> Set<[UInt8]> {
        let names = try TLSFiles.authorities(file).map { certificate -> [UInt8]? in
            (try? certificate.toDERBytes()).flatMap { CertificateNames(der: $0)?.subject }
        }
        return Set(names.compactMap(\.self))
    }
}

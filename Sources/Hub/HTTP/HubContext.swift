import Grants
import Hummingbird
import NIOCore

/// The state of one call on its way to its route.
struct HubContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection that the call came by.
    let channel: any Channel
    var peer: Peer
    /// The person that the call is of; `nil`: nobody is logged in.
    var person: Person?

    /// The longest body in bytes.
    var maxUploadSize: Int { BodyReader.limit }

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        peer = Peer(of: source.channel)
    }

    /// The person of the call, who must be logged in.
    func caller() throws(HubError) -> Person {
        guard let person else { throw .loginRequired }
        return person
    }

    /// The person of the call, who must have a namespace.
    func caller(may permission: Permission) throws(HubError) -> Person {
        let person = try caller()
        guard person.may(permission) else {
            throw HubError(
                .notAllowed,
                "\(person.name) has no \(permission.rawValue)",
                "people who run the hub add it to the namespaces of the line in allowed_signers"
            )
        }
        return person
    }
}

/// The other end of a connection.
struct Peer: Hashable, Sendable {
    /// The address that the call comes from, as far as it is known; of a proxy's call that of its client.
    var address: Address?
    /// True if the call came by the Unix socket, which only the proxy reaches.
    let isLocalSocket: Bool
    /// The name in the client certificate of a host; `nil` if there is none.
    var certifiedHost: String?
    /// True if the client certificate is the proxy's.
    var isCertifiedProxy = false

    /// True if the other end is the proxy that logs people in.
    var isProxy: Bool { isLocalSocket || isCertifiedProxy }

    init(of channel: any Channel) {
        let remote = channel.remoteAddress
        isLocalSocket = channel.localAddress?.pathname != nil
        address = remote?.ipAddress.flatMap { Self.address($0) }
    }

    init(address: Address?, isLocalSocket: Bool = false) {
        (self.address, self.isLocalSocket) = (address, isLocalSocket)
    }

    /// Reads an address; one of IPv4 in the form of IPv6 is that of IPv4.
    static func address(_ text: String) -> Address? {
        let plain = text.split(separator: "%").first.map(String.init) ?? text
        let mapped = plain.lowercased().hasPrefix("::ffff:") ? plain.dropFirst(7) : plain[...]
        return (try? Address(parsing: mapped)) ?? (try? Address(parsing: plain))
    }
}

package import Linux
import StrictJSON

/// The program that runs this service: the answer to GetInfo.
package struct ServiceInfo: Hashable, Sendable {
    package let vendor: String
    package let product: String
    package let version: String
    package let url: String

    package init(vendor: String, product: String, version: String, url: String) {
        self.vendor = vendor
        self.product = product
        self.version = version
        self.url = url
    }
}

/// Decides about each call: all permissions, as a function.
package struct CallRouter: Sendable {
    /// The decision about a call.
    package enum Route: Equatable, Sendable {
        /// It goes to the handlers of the interface.
        case ask(CheckedCall)
        /// The answer is known already.
        case answer(VarlinkReply)
    }

    private let info: ServiceInfo
    let interface: VarlinkInterface
    private let group: UInt32?

    /// `group` is the id of the group that may read; `nil` if the host has none, so only root may.
    package init(info: ServiceInfo, interface: VarlinkInterface, group: UInt32?) {
        self.info = info
        self.interface = interface
        self.group = group
    }

    package func route(_ call: VarlinkCall, from peer: PeerCredentials) -> Route {
        do throws(VarlinkError) {
            guard mayRead(peer) else { throw .permissionDenied }
            switch call.interface {
            case interface.name: return .ask(try check(call, from: peer))
            case ServiceInterface.name: return .answer(VarlinkReply(parameters: try service(call)))
            default: throw .interfaceNotFound(call.interface)
            }
        } catch {
            return .answer(VarlinkReply(error))
        }
    }

    private func mayRead(_ peer: PeerCredentials) -> Bool {
        peer.userID == 0 || group.map { peer.isMember(ofGroup: $0) } ?? false
    }

    private func check(
        _ call: VarlinkCall,
        from peer: PeerCredentials
    ) throws(VarlinkError) -> CheckedCall {
        guard let method = interface.method(call.methodName) else {
            throw .methodNotFound(call.method)
        }
        guard method.access == .read || peer.userID == 0 else { throw .permissionDenied }
        guard call.wantsMore || !method.needsMore else { throw .expectedMore }
        return try method.read(call)
    }

    private func service(_ call: VarlinkCall) throws(VarlinkError) -> JSONValue {
        switch call.methodName {
        case "GetInfo":
            return [
                "vendor": .string(info.vendor),
                "product": .string(info.product),
                "version": .string(info.version),
                "url": .string(info.url),
                "interfaces": JSONValue(texts: [ServiceInterface.name, interface.name]),
            ]
        case "GetInterfaceDescription":
            return ["description": .string(try description(call.parameters))]
        default: throw .methodNotFound(call.method)
        }
    }

    private func description(_ parameters: JSONValue) throws(VarlinkError) -> String {
        guard let name = parameters["interface"]?.text else { throw .invalidParameter("interface") }
        switch name {
        case interface.name: return interface.description
        case ServiceInterface.name: return ServiceInterface.description
        default: throw .interfaceNotFound(name)
        }
    }
}

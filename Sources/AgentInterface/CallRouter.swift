package import Linux
import StrictJSON
package import Varlink

/// Who runs this service: the answer to GetInfo.
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

/// Says what is to be done with a call: the whole of who may do what, as a function.
package struct CallRouter: Sendable {
    /// What is to be done with a call.
    package enum Route: Hashable, Sendable {
        /// The agent has to be asked.
        case ask(ControlRequest)
        /// The answer is known already.
        case answer(VarlinkReply)
    }

    private let info: ServiceInfo
    private let group: UInt32?

    /// `group` is the id of the control group; `nil` if the host has none, so only root may read.
    package init(info: ServiceInfo, group: UInt32?) {
        self.info = info
        self.group = group
    }

    package func route(_ call: VarlinkCall, from peer: PeerCredentials) -> Route {
        do throws(VarlinkError) {
            guard mayRead(peer) else { throw .permissionDenied }
            switch call.interface {
            case AgentInterface.name: return .ask(try request(call, from: peer))
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

    private func request(
        _ call: VarlinkCall,
        from peer: PeerCredentials
    ) throws(VarlinkError) -> ControlRequest {
        guard let rule = MethodDescriptor.all.first(where: { $0.name == call.methodName }) else {
            throw .methodNotFound(call.method)
        }
        guard rule.access == .read || peer.userID == 0 else { throw .permissionDenied }
        guard call.wantsMore || !rule.needsMore else { throw .expectedMore }
        do throws(MemberError) {
            let parameters = try VarlinkObject(call.parameters)
            try parameters.refuseAllBut(rule.parameters)
            return try rule.read(parameters)
        } catch {
            throw .invalidParameter(error.member)
        }
    }

    private func service(_ call: VarlinkCall) throws(VarlinkError) -> JSONValue {
        switch call.methodName {
        case "GetInfo":
            return [
                "vendor": .string(info.vendor),
                "product": .string(info.product),
                "version": .string(info.version),
                "url": .string(info.url),
                "interfaces": JSONValue(texts: [ServiceInterface.name, AgentInterface.name]),
            ]
        case "GetInterfaceDescription":
            return ["description": .string(try description(call.parameters))]
        default: throw .methodNotFound(call.method)
        }
    }

    private func description(_ parameters: JSONValue) throws(VarlinkError) -> String {
        guard let name = parameters["interface"]?.text else { throw .invalidParameter("interface") }
        switch name {
        case AgentInterface.name: return AgentInterface.description
        case ServiceInterface.name: return ServiceInterface.description
        default: throw .interfaceNotFound(name)
        }
    }
}

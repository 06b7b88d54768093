package import StrictJSON
package import Varlink

/// The errors a call can be answered with (PROTOCOL.control, section 5).
package enum VarlinkError: Error, Hashable, Sendable {
    case interfaceNotFound(String)
    case methodNotFound(String)
    case invalidParameter(String)
    case permissionDenied
    case expectedMore
    /// These ids name no grant that could end.
    case noSuchGrant([String])
    /// What is wrong with the policy on disk.
    case reloadRefused([String])
    /// There is no policy on trial that could be confirmed.
    case noTrial
    /// The agent's time is not held, so there is no clock to accept.
    case clockNotHeld
    /// Why the agent could not do it: one lower-case clause.
    case failed(String)

    /// The qualified name on the wire.
    package var name: String {
        switch self {
        case .interfaceNotFound: "\(ServiceInterface.name).InterfaceNotFound"
        case .methodNotFound: "\(ServiceInterface.name).MethodNotFound"
        case .invalidParameter: "\(ServiceInterface.name).InvalidParameter"
        case .permissionDenied: "\(ServiceInterface.name).PermissionDenied"
        case .expectedMore: "\(ServiceInterface.name).ExpectedMore"
        case .noSuchGrant: "\(AgentInterface.name).NoSuchGrant"
        case .reloadRefused: "\(AgentInterface.name).ReloadRefused"
        case .noTrial: "\(AgentInterface.name).NoTrial"
        case .clockNotHeld: "\(AgentInterface.name).ClockNotHeld"
        case .failed: "\(AgentInterface.name).Failed"
        }
    }

    package var parameters: JSONValue {
        switch self {
        case .interfaceNotFound(let interface): ["interface": .string(interface)]
        case .methodNotFound(let method): ["method": .string(method)]
        case .invalidParameter(let parameter): ["parameter": .string(parameter)]
        case .permissionDenied, .expectedMore, .noTrial, .clockNotHeld: [:]
        case .noSuchGrant(let ids): ["ids": JSONValue(texts: ids)]
        case .reloadRefused(let problems): ["problems": JSONValue(texts: problems)]
        case .failed(let reason): ["reason": .string(reason)]
        }
    }
}

extension VarlinkError {
    /// What a reply's error was, or `nil` for one that this version does not know.
    package init?(name: String, parameters: JSONValue) {
        let text = { (member: String) in parameters[member]?.text ?? "" }
        let texts = { (member: String) in parameters[member]?.texts ?? [] }
        let known: [VarlinkError] = [
            .interfaceNotFound(text("interface")), .methodNotFound(text("method")),
            .invalidParameter(text("parameter")), .permissionDenied, .expectedMore,
            .noSuchGrant(texts("ids")), .reloadRefused(texts("problems")), .noTrial,
            .clockNotHeld, .failed(text("reason")),
        ]
        guard let fault = known.first(where: { $0.name == name }) else { return nil }
        self = fault
    }
}

extension VarlinkReply {
    package init(_ fault: VarlinkError) {
        self.init(error: fault.name, parameters: fault.parameters)
    }
}

extension VarlinkError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .interfaceNotFound(let interface): "the agent has no interface `\(interface)`"
        case .methodNotFound(let method): "the agent has no method `\(method)`"
        case .invalidParameter(let parameter): "the agent did not take the parameter `\(parameter)`"
        case .permissionDenied: "the agent does not allow you to do this"
        case .expectedMore: "this method has to be called with `more`"
        case .noSuchGrant(let ids):
            "no waiting or open grant is called \(ids.joined(separator: ", "))"
        case .reloadRefused: "the policy on disk was refused, the one in force stays"
        case .noTrial: "no policy is on trial, so there is nothing to confirm"
        case .clockNotHeld: "the agent's time is not ahead of the wall clock: nothing to accept"
        case .failed(let reason): reason
        }
    }
}

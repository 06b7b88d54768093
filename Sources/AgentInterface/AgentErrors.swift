import StrictJSON
import SystemPackage
package import Varlink

/// The errors of the agent's own methods (PROTOCOL.control, section 5).
extension VarlinkError {
    /// These ids name no grant that could end.
    package static func noSuchGrant(_ ids: [String]) -> Self {
        agent("NoSuchGrant", ["ids": JSONValue(texts: ids)])
    }

    /// These ids name no bar in force.
    package static func noSuchBar(_ ids: [String]) -> Self {
        agent("NoSuchBar", ["ids": JSONValue(texts: ids)])
    }

    /// There is no room for another bar; the grants that it selects were revoked.
    package static let barsFull = agent("BarsFull")

    /// The policy on disk has these problems.
    package static func reloadRefused(_ problems: [String]) -> Self {
        agent("ReloadRefused", ["problems": JSONValue(texts: problems)])
    }

    /// No policy is on trial that could be confirmed.
    package static let noTrial = agent("NoTrial")
    /// The agent's time is not held, so there is no clock to accept.
    package static let clockNotHeld = agent("ClockNotHeld")

    /// The agent could not do it; one lower-case clause says why.
    package static func failed(_ reason: String) -> Self {
        agent("Failed", ["reason": .string(reason)])
    }

    private static func agent(_ name: String, _ parameters: JSONValue = [:]) -> Self {
        VarlinkError(name: "\(AgentInterface.name).\(name)", parameters: parameters)
    }
}

extension VarlinkError {
    /// The problems of a policy that was refused; `nil` for another error.
    package var policyProblems: [String]? {
        name == Self.reloadRefused([]).name ? texts("problems") : nil
    }

    /// True if this version knows the error.
    package var isKnown: Bool { text != nil }

    private func member(_ name: String) -> String { parameters[name]?.text ?? "" }

    private func texts(_ name: String) -> [String] { parameters[name]?.texts ?? [] }

    private var text: String? {
        switch name {
        case Self.interfaceNotFound("").name:
            "the agent has no interface `\(member("interface"))`"
        case Self.methodNotFound("").name, Self.methodNotImplemented("").name:
            "the agent has no method `\(member("method"))`"
        case Self.invalidParameter("").name:
            "the agent did not take the parameter `\(member("parameter"))`"
        case Self.permissionDenied.name: "the agent does not allow you to do this"
        case Self.expectedMore.name: "this method has to be called with `more`"
        case Self.noSuchGrant([]).name:
            "no waiting or open grant is called \(texts("ids").joined(separator: ", "))"
        case Self.noSuchBar([]).name:
            "no bar in force is called \(texts("ids").joined(separator: ", "))"
        case Self.barsFull.name:
            "the matching grants were revoked, but there is no room for another bar: end one"
                + " with `jitgate unbar`"
        case Self.reloadRefused([]).name:
            "the policy on disk was refused, the one in force stays"
        case Self.noTrial.name: "no policy is on trial, so there is nothing to confirm"
        case Self.clockNotHeld.name:
            "the agent's time is not ahead of the wall clock: nothing to accept"
        case Self.failed("").name: member("reason")
        default: nil
        }
    }
}

extension VarlinkError: CustomStringConvertible {
    package var description: String { text ?? "error \(name)" }
}

extension ClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let path, .noSuchFileOrDirectory):
            "\(path): the agent's socket does not exist"
        case .unreachable(let path, .permissionDenied): "\(path): you may not ask the agent"
        case .unreachable(let path, .connectionRefused): "\(path): the agent does not listen"
        case .unreachable(let path, let error): "\(path): \(error)"
        case .broken(let error): "the connection to the agent broke: \(error)"
        case .disconnected: "the agent hung up"
        case .timedOut: "the agent did not answer in time"
        case .malformed(let what): "the agent's answer is not understood: \(what)"
        case .fault(let error) where !error.isKnown:
            "the agent's answer is not understood: \(error)"
        case .fault(let error): error.description
        }
    }
}

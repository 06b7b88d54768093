package import SystemPackage

/// Why a client got no answer to its call.
package enum ClientError: Error, Hashable, Sendable {
    /// Nobody listens at the path, or not to us.
    case unreachable(path: String, Errno)
    /// The connection broke.
    case broken(Errno)
    /// The agent hung up before it answered.
    case disconnected
    case timedOut
    /// The agent answered in a way that is not this version's.
    case malformed(String)
    case fault(VarlinkError)
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
        case .fault(let fault): fault.description
        }
    }
}

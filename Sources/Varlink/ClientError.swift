package import SystemPackage

/// The reasons for which a client got no answer to its call.
package enum ClientError: Error, Hashable, Sendable {
    /// Nobody listens at the path, or not to us.
    case unreachable(path: String, Errno)
    /// The connection broke.
    case broken(Errno)
    /// The service hung up before it answered.
    case disconnected
    case timedOut
    /// The answer is not one of this version's.
    case malformed(String)
    case fault(VarlinkError)
}

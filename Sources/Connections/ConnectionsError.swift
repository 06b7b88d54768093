package import SystemPackage

/// What could not be done about connections.
package enum ConnectionsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another program listens to this NFLOG group.
    case groupTaken(UInt16)
    /// What was attempted and what the kernel said to it.
    case refused(attempt: String, Errno)

    package var description: String {
        switch self {
        case .groupTaken(let group): "another program listens to the NFLOG group \(group)"
        case .refused(let attempt, let error): "cannot \(attempt): \(error)"
        }
    }
}

package import SystemPackage

/// A failed operation on connections.
package enum ConnectionsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another program is bound to this NFLOG group.
    case groupTaken(UInt16)
    /// The attempted operation and the kernel's error.
    case refused(attempt: String, Errno)

    package var description: String {
        switch self {
        case .groupTaken(let group): "another program listens to the NFLOG group \(group)"
        case .refused(let attempt, let error): "cannot \(attempt): \(error)"
        }
    }
}

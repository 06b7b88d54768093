package import Netfilter
import SystemPackage

/// A failure to put the gate in place or to read it.
package enum GateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kernel refused.
    case refused(NetfilterError)
    /// Another live process owns the table; its netlink port.
    case ownedByAnother(port: UInt32)

    /// The kernel's error, if it refused.
    var errno: Errno? {
        switch self {
        case .refused(let error): error.errno
        case .ownedByAnother: nil
        }
    }

    package var description: String {
        switch self {
        case .refused(let error): error.description
        case .ownedByAnother(let port):
            "table inet jitgate belongs to another running program (netlink port \(port))"
        }
    }
}

/// The protection of the table from other tools, which depends on the kernel.
package enum TableOwnership: String, Hashable, Sendable {
    /// Only the agent's socket can change it, and it persists after the agent (Linux 6.9).
    case owned
    /// Any process with the privilege can change it; `TamperWatch` reports the change.
    case watched
}

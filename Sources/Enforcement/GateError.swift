package import Netfilter
import SystemPackage

/// Why the gate could not be put in place or asked.
package enum GateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kernel refused.
    case refused(NetfilterError)
    /// Another process that is alive owns the table; its netlink port.
    case ownedByAnother(port: UInt32)

    /// What the kernel said, if it was it that refused.
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

/// How well the table is guarded against other tools: what the kernel can do decides.
package enum Rung: String, Hashable, Sendable {
    /// The kernel lets nobody else change it, and keeps it when the agent is gone (Linux 6.9).
    case owned
    /// Anybody with the privilege can change it; `TamperWatch` hears of it.
    case watched
}

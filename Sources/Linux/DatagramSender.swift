import CLinux
import Glibc
package import SystemPackage

/// A socket that sends datagrams to one Unix address and never blocks.
package final class DatagramSender: Sendable {
    private let socket: OwnedDescriptor
    private let address: UnixAddress

    /// Names the receiver: a path, or an abstract name that begins with `@`.
    ///
    /// The receiver need not exist yet.
    package init(to receiver: String) throws(Errno) {
        address = try UnixAddress(pathOrName: receiver)
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        socket = try OwnedDescriptor.opening { Glibc.socket(AF_UNIX, kind, 0) }
    }

    /// Sends one datagram, with a copy of a descriptor if one is given.
    ///
    /// Throws EAGAIN if the receiver's queue is full, EMSGSIZE if the datagram is too large.
    package func send(_ bytes: [UInt8], with descriptor: Int32? = nil) throws(Errno) {
        var address = address
        let socket = socket.rawValue
        try unsafe address.withSocketAddress { pointer, length in
            let sent = unsafe clinux_send_datagram(
                socket,
                pointer,
                length,
                bytes,
                bytes.count,
                descriptor ?? -1
            )
            return sent < 0 ? -1 : 0
        }
    }
}

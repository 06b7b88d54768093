import CLinux
import Glibc
package import SystemPackage

/// A Unix stream socket that accepts connections at a path.
package final class UnixListener: Sendable {
    private let socket: OwnedDescriptor
    private let path: String
    private let identity: FileIdentity?

    /// Makes the socket at `path` with mode 0660 for its owner and `group`.
    ///
    /// It replaces a socket that an earlier process left there; anything else is an error (EEXIST).
    /// Only trusted users may be able to write to the directory. Between bind and chmod only the
    /// owner can connect.
    package init(path: String, group: UInt32?, backlog: Int32 = 64) throws(Errno) {
        try Self.removeStaleSocket(path)
        var address = try UnixAddress(path)
        socket = try UnixAddress.socket(nonBlocking: true)
        let descriptor = socket.rawValue
        // The file takes its mode from the descriptor's and the umask, which all threads share.
        try SystemCall.check { fchmod(descriptor, 0o600) }
        try unsafe address.withSocketAddress { unsafe bind(descriptor, $0, $1) }
        try SystemCall.check { unsafe lchown(path, uid_t.max, group ?? gid_t.max) }
        try SystemCall.check { unsafe chmod(path, group == nil ? 0o600 : 0o660) }
        identity = try FileIdentity.of(path)
        self.path = path
        try SystemCall.check { listen(descriptor, backlog) }
    }

    package var fileDescriptor: Int32 { socket.rawValue }

    /// The next connection, or `nil` if none is pending.
    package func accept() throws(Errno) -> UnixConnection? {
        do throws(Errno) {
            let descriptor = socket.rawValue
            let connection = try OwnedDescriptor.opening { clinux_accept(descriptor) }
            return try UnixConnection(adopting: connection)
        } catch .wouldBlock {
            return nil
        }
    }

    /// Removes the path, unless another socket has replaced this one there.
    package func unlink() throws(Errno) {
        guard let identity, let found = try FileIdentity.of(path), found.isSameFile(as: identity)
        else { return }
        try SystemCall.check { unsafe Glibc.unlink(path) }
    }

    private static func removeStaleSocket(_ path: String) throws(Errno) {
        var status = stat()
        do throws(Errno) {
            try SystemCall.check { unsafe lstat(path, &status) }
        } catch .noSuchFileOrDirectory {
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .fileExists }
        try SystemCall.check { unsafe Glibc.unlink(path) }
    }
}

import Glibc

/// The mode of the hub's Unix socket.
enum SocketMode {
    /// Lets the group of the hub connect, and nobody else: its peer says who people are.
    static func share(_ path: String) {
        _ = unsafe chmod(path, 0o660)
    }
}

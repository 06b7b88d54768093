import Glibc
import SystemPackage

/// The address of a Unix socket in the file system.
struct UnixAddress {
    private var address = sockaddr_un()

    /// ENAMETOOLONG if the path does not fit into `sun_path` with a NUL behind it.
    init(_ path: String) throws(Errno) {
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard !bytes.isEmpty, bytes.count < room else { throw .fileNameTooLong }
        guard !bytes.contains(0) else { throw .invalidArgument }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
            unsafe field.copyBytes(from: bytes)
        }
    }

    /// Calls bind(2), connect(2) or their like, again if a signal came in between.
    mutating func withSocketAddress(
        _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Errno) {
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        try SystemCall.check {
            unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe call($0, length)
                }
            }
        }
    }

    /// A new stream socket, close-on-exec.
    static func socket(nonBlocking: Bool) throws(Errno) -> OwnedDescriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let flags = nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0
        return try OwnedDescriptor.opening { Glibc.socket(AF_UNIX, kind | flags, 0) }
    }
}

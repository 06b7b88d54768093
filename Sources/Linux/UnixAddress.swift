import Glibc
import SystemPackage

/// The address of a Unix socket: a path or an abstract name.
struct UnixAddress: Sendable {
    private var address = sockaddr_un()
    private let length: socklen_t

    /// Makes the address of a path; throws ENAMETOOLONG if `sun_path` cannot hold it and a NUL.
    init(_ path: String) throws(Errno) {
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard !bytes.isEmpty, bytes.count < room else { throw .fileNameTooLong }
        guard !bytes.contains(0) else { throw .invalidArgument }
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
            unsafe field.copyBytes(from: bytes)
        }
    }

    /// Makes the address of a path or, after an `@`, of an abstract name, which has no final NUL
    /// (unix(7)).
    init(pathOrName text: String) throws(Errno) {
        guard text.hasPrefix("@") else {
            self = try UnixAddress(text)
            return
        }
        let name = Array(text.utf8.dropFirst())
        guard !name.isEmpty else { throw .invalidArgument }
        // The NUL before an abstract name takes the place of the one after a path.
        var path = try UnixAddress(String(decoding: name, as: UTF8.self)).address
        unsafe withUnsafeMutableBytes(of: &path.sun_path) { field in
            unsafe field.copyBytes(from: [0] + name)
        }
        address = path
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 0
        length = socklen_t(start + 1 + name.count)
    }

    /// Calls bind(2), connect(2) or the like, and repeats it if a signal interrupts it.
    mutating func withSocketAddress(
        _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Errno) {
        let length = length
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

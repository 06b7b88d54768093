import Glibc
package import SystemPackage

/// An open file descriptor that closes at the end of its owner's life.
package struct OwnedDescriptor: ~Copyable, Sendable {
    package let rawValue: Int32

    /// Takes over `rawValue`; only this value may close it from now on.
    package init(adopting rawValue: Int32) {
        self.rawValue = rawValue
    }

    deinit {
        close(rawValue)
    }

    /// Gives up the descriptor without closing it.
    package consuming func release() -> Int32 {
        let raw = rawValue
        discard self
        return raw
    }

    /// Takes over the descriptor that `call` opens.
    package static func opening(_ call: () -> Int32) throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(adopting: try SystemCall.check(call))
    }

    /// Duplicates the descriptor, close-on-exec.
    package static func duplicating(_ descriptor: Int32) throws(Errno) -> OwnedDescriptor {
        try opening { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
    }

    /// Writes all of `bytes`.
    package func write(_ bytes: [UInt8]) throws(Errno) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try SystemCall.check {
                unsafe rest.withUnsafeBytes {
                    unsafe Glibc.write(rawValue, $0.baseAddress, $0.count)
                }
            }
            rest = rest.dropFirst(count)
        }
    }
}
